//! Adds the allowed range to the message about a number that does not even fit its type: only the API's description
//! knows all of them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use ruche_schemas::plain;
use serde_json::Value;

use super::error::Refused;

/// The ranges of numbers, by path, method and field.
#[derive(Debug, Clone, Default)]
pub struct Bounds(Arc<BTreeMap<(String, String), Ranges>>);

type Ranges = BTreeMap<String, String>;

/// How deep schemas are read.
const DEPTH: usize = 12;
const SCHEMAS: &str = "#/components/schemas/";
/// What a job's `body` may be.
const INPUT: &str = "JobInput";

impl Bounds {
    /// Those of the API's description.
    #[must_use]
    pub fn of(document: &Value) -> Self {
        let mut all = BTreeMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let mut ranges = Ranges::new();
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().unwrap_or_default();
                    Walk { document, within: Vec::new(), ranges: &mut ranges }.read(&parameter["schema"], name);
                }
                for content in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                    Walk { document, within: Vec::new(), ranges: &mut ranges }.read(&content.1["schema"], "");
                }
                all.insert((path.clone(), method.to_ascii_uppercase()), ranges);
            }
        }
        Self(Arc::new(all))
    }

    fn find(&self, path: &str, method: &str, field: &str) -> Option<&str> {
        let ranges = self.0.get(&(path.to_owned(), method.to_owned()))?;
        ranges.get(&without_indices(field)).map(String::as_str)
    }
}

struct Walk<'a> {
    document: &'a Value,
    /// The names of the schemas around this one: they may contain themselves.
    within: Vec<&'a str>,
    ranges: &'a mut Ranges,
}

impl<'a> Walk<'a> {
    fn read(&mut self, schema: &'a Value, field: &str) {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(SCHEMAS)) {
            return self.read_named(name, field);
        }
        if let Some(range) = range(schema) {
            self.ranges.entry(field.to_owned()).or_insert(range);
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let field = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
            match name == "body" && inner["properties"].is_null() && inner["$ref"].is_null() {
                true => self.read_named(INPUT, &field),
                false => self.read(inner, &field),
            }
        }
        if schema["items"].is_object() {
            self.read(&schema["items"], &format!("{field}[]"));
        }
        for any in ["anyOf", "oneOf", "allOf"] {
            for inner in schema[any].as_array().into_iter().flatten() {
                self.read(inner, field);
            }
        }
    }

    fn read_named(&mut self, name: &'a str, field: &str) {
        if self.within.contains(&name) || self.within.len() >= DEPTH {
            return;
        }
        self.within.push(name);
        let document = self.document;
        self.read(&document["components"]["schemas"][name], field);
        self.within.pop();
    }
}

fn range(schema: &Value) -> Option<String> {
    let [least, over, most] = ["minimum", "exclusiveMinimum", "maximum"].map(|name| written(&schema[name]));
    Some(match (least, over, most) {
        (Some(least), _, Some(most)) => format!("from {least} to {most} is allowed"),
        (None, Some(over), Some(most)) => format!("over {over} and at most {most} is allowed"),
        (None, None, Some(most)) => format!("at most {most} is allowed"),
        (Some(least), _, None) => format!("at least {least} is allowed"),
        _ => return None,
    })
}

fn written(number: &Value) -> Option<String> {
    match number.is_f64() {
        true => number.as_f64().map(plain::number),
        false => number.is_number().then(|| number.to_string()),
    }
}

/// `messages[2].x` is `messages[].x`.
fn without_indices(field: &str) -> String {
    let mut plain = String::with_capacity(field.len());
    let mut is_index = false;
    for character in field.chars() {
        is_index &= character != ']';
        if !is_index {
            plain.push(character);
        }
        is_index |= character == '[';
    }
    plain
}

/// Completes the message of an error.
pub async fn tell(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default().to_owned();
    let method = request.method().as_str().to_owned();
    let response = next.run(request).await;
    let Some(Refused(error)) = response.extensions().get() else { return response };
    let range = error.param_name().filter(|_| plain::is_beyond(error.message()));
    match range.and_then(|field| bounds.find(&path, &method, field)) {
        Some(range) => {
            let separator = if error.message().ends_with("negative") { "; " } else { ": " };
            error.clone().and(&format!("{separator}{range}")).into_response()
        }
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_field_is_found_in_the_description() {
        let bounds = Bounds::of(&crate::app::router::document());
        for (path, method, field, range) in [
            ("/v1/chat/completions", "POST", "max_tokens", "from 1 to 1000000 is allowed"),
            ("/v1/chat/completions", "POST", "temperature", "from 0 to 2 is allowed"),
            ("/v1/chat/completions", "POST", "top_p", "over 0 and at most 1 is allowed"),
            ("/v1/chat/completions", "POST", "seed", "from -9223372036854775808 to 9223372036854775807 is allowed"),
            ("/v1/jobs", "POST", "body.max_tokens", "from 1 to 1000000 is allowed"),
            ("/v1/jobs/{job}", "POST", "max_tokens", "from 1 to 1000000 is allowed"),
            ("/v1/jobs", "GET", "limit", "from 1 to 100 is allowed"),
            ("/v1/bots", "POST", "limits.max_tokens", "from 1 to 1000000 is allowed"),
        ] {
            assert_eq!(bounds.find(path, method, field), Some(range), "{method} {path} {field}");
        }
        assert_eq!(bounds.find("/v1/jobs", "GET", "state"), None);
        assert_eq!(without_indices("a[12].b[3]"), "a[].b[]");
    }
}
