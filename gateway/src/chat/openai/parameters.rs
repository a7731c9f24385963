//! Which of OpenAI's parameters have an effect.
//!
//! An unknown one is refused, since it may be mistyped. A known one without support is refused by name, since an
//! answer that ignores it would be wrong. One that does not change the answer is accepted.

use serde_json::{Map, Value};

use crate::http::{error::ApiError, openai::unsupported};

/// Accepted and without effect.
const HARMLESS: &[&str] = &[
    "user",
    "metadata",
    "service_tier",
    "parallel_tool_calls",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "verbosity",
];

/// Whether a parameter's value asks for nothing unsupported.
type IsHarmless = fn(&Value) -> bool;

/// Known, not supported yet, with the values that ask for nothing.
const UNSUPPORTED: &[(&str, IsHarmless)] = &[
    ("tools", is_empty),
    ("tool_choice", |value| value == "none" || value == "auto"),
    ("functions", is_empty),
    ("function_call", |value| value == "none" || value == "auto"),
    ("response_format", |value| value["type"] == "text"),
    ("logprobs", |value| value == false),
    ("top_logprobs", |value| value == 0),
    ("logit_bias", is_empty),
    ("modalities", |value| value.as_array().is_some_and(|all| all.iter().all(|one| one == "text"))),
    ("audio", |_| false),
    ("prediction", |_| false),
    ("web_search_options", |_| false),
];

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Keeps only the parameters with an effect.
///
/// # Errors
/// Names a parameter that is known and not supported.
pub fn sift(body: &mut Map<String, Value>) -> Result<(), ApiError> {
    for name in HARMLESS {
        body.remove(*name);
    }
    for (name, asks_for_nothing) in UNSUPPORTED {
        match body.remove(*name) {
            None | Some(Value::Null) => {}
            Some(value) if asks_for_nothing(&value) => {}
            Some(_) => return Err(unsupported(name, format!("`{name}` is not supported: leave it out"))),
        }
    }
    match body.remove("n") {
        None | Some(Value::Null) => Ok(()),
        Some(n) if n == 1 => Ok(()),
        Some(n) => Err(unsupported("n", format!("`n` is {n}: only 1 answer per request is supported"))),
    }
}
