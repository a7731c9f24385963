//! Which of OpenAI's parameters have an effect.
//!
//! A known one without support is refused by name, since an answer that ignores it would be wrong. One that does not
//! change the answer is accepted. An unknown one is ignored, and the answer names it.

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

/// How the answer comes: a job's comes as its events.
const OF_THE_ANSWER: &[&str] = &["stream", "stream_options", "cancel_on_disconnect"];

/// Of messages, accepted and without effect: a client may send back what it got.
const HARMLESS_IN_MESSAGES: &[&str] = &["name", "refusal", "annotations", "citations"];

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
    ("top_logprobs", |value| value.as_f64() == Some(0.0)),
    ("logit_bias", is_empty),
    ("modalities", |value| value.as_array().is_some_and(|all| all.iter().all(|one| one == "text"))),
    ("audio", |_| false),
    ("prediction", |_| false),
    ("web_search_options", |_| false),
];

/// As [`UNSUPPORTED`], of messages.
const UNSUPPORTED_IN_MESSAGES: &[(&str, IsHarmless)] =
    &[("audio", is_empty), ("tool_calls", is_empty), ("tool_call_id", is_empty), ("function_call", is_empty)];

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
    refuse(body, UNSUPPORTED, "")?;
    match body.remove("n") {
        None | Some(Value::Null) => {}
        Some(n) if n.as_f64() == Some(1.0) => {}
        Some(n) => return Err(unsupported("n", format!("`n` is {n}: only 1 answer per request is supported"))),
    }
    if let (Some(one), Some(other)) = (number(body, "max_tokens"), number(body, "max_completion_tokens"))
        && one.total_cmp(&other).is_ne()
    {
        let message = format!("max_tokens = {one} and max_completion_tokens = {other} differ: send one of them");
        return Err(ApiError::invalid("max_tokens", message));
    }
    let messages = body.get_mut("messages").and_then(Value::as_array_mut);
    for (i, message) in messages.into_iter().flatten().enumerate() {
        if let Some(message) = message.as_object_mut() {
            sift_message(message, &format!("messages[{i}]."))?;
        }
    }
    Ok(())
}

/// As [`sift`], of the body of a job.
///
/// # Errors
/// As [`sift`].
pub fn prepare(body: &mut Value) -> Result<(), ApiError> {
    let Some(body) = body.as_object_mut() else { return Ok(()) };
    for name in OF_THE_ANSWER {
        body.remove(*name);
    }
    sift(body)
}

fn sift_message(message: &mut Map<String, Value>, at: &str) -> Result<(), ApiError> {
    for name in HARMLESS_IN_MESSAGES {
        message.remove(*name);
    }
    if matches!(message.get("role").and_then(Value::as_str), Some("tool" | "function")) {
        return Err(unsupported(
            &format!("{at}role"),
            "tools are not supported: send what they answered in a message of the role user".to_owned(),
        ));
    }
    refuse(message, UNSUPPORTED_IN_MESSAGES, at)
}

fn refuse(fields: &mut Map<String, Value>, unsupported_ones: &[(&str, IsHarmless)], at: &str) -> Result<(), ApiError> {
    for (name, asks_for_nothing) in unsupported_ones {
        match fields.remove(*name) {
            None | Some(Value::Null) => {}
            Some(value) if asks_for_nothing(&value) => {}
            Some(_) => {
                return Err(unsupported(&format!("{at}{name}"), format!("`{name}` is not supported: leave it out")));
            }
        }
    }
    Ok(())
}

fn number(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    fields.get(name).and_then(Value::as_f64)
}
