//! Bounds that several parameters and fields share.

use ruche_schemas::{Lane, kinds, language::LANGUAGES};
use serde_json::{Value, json};

use crate::http::limits;

pub(super) const DAY: i64 = 24 * 3600;

/// Overwrites, and removes what is `null`; an enumeration of a field that may be `null` has `null`.
pub(super) fn merge(schema: &mut Value, bounds: &Value) {
    let nullable = schema["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"));
    let (Some(schema), Some(bounds)) = (schema.as_object_mut(), bounds.as_object()) else { return };
    if bounds.contains_key("anyOf") {
        schema.remove("$ref");
    }
    for (key, value) in bounds {
        if value.is_null() {
            schema.remove(key);
            continue;
        }
        let mut value = value.clone();
        if let ("enum", true, Some(values)) = (key.as_str(), nullable, value.as_array_mut()) {
            values.push(Value::Null);
        }
        schema.insert(key.clone(), value);
    }
}

/// A name of a-z, 0-9, _ and -.
pub(super) fn name(longest: usize) -> Value {
    json!({ "pattern": format!("^[a-z0-9][a-z0-9_-]{{0,{}}}$", longest - 1) })
}

pub(super) fn range(least: impl Into<Value>, most: impl Into<Value>) -> Value {
    let (least, most): (Value, Value) = (least.into(), most.into());
    json!({ "minimum": least, "maximum": most })
}

pub(super) fn length(least: usize, most: usize) -> Value {
    json!({ "minLength": least, "maxLength": most })
}

pub(super) fn lanes() -> Value {
    json!({ "enum": Lane::ALL.map(Lane::as_str) })
}

pub(super) fn kinds_there() -> Value {
    let kinds: Vec<String> = kinds::all().iter().map(|descriptor| descriptor.kind.to_string()).collect();
    json!({ "enum": kinds })
}

/// What `ruche_schemas::date` reads.
pub(super) fn date_or_time() -> Value {
    let of = |format: &str| json!({ "type": "string", "format": format });
    json!({ "type": null, "format": null, "anyOf": [of("date"), of("date-time")] })
}

/// As [`date_or_time`], of a field that may be `null`.
pub(super) fn date_or_time_or_null() -> Value {
    let mut bounds = date_or_time();
    if let Some(any) = bounds["anyOf"].as_array_mut() {
        any.push(json!({ "type": "null" }));
    }
    bounds
}

pub(super) fn states() -> Value {
    json!({ "enum": ["queued", "scheduled", "running", "retrying", "active", "done", "failed", "cancelled"] })
}

pub(super) fn model() -> Value {
    length(1, limits::MODEL_NAME_BYTES)
}

/// An English name, or a code with a region or without.
pub(super) fn language() -> Value {
    let names = LANGUAGES.map(|(name, _)| name).join("|");
    let codes: Vec<&str> = LANGUAGES.iter().map(|(_, code)| *code).filter(|code| !code.is_empty()).collect();
    json!({ "pattern": format!("^({names}|({})([-_][A-Za-z0-9]+)*)$", codes.join("|")) })
}
