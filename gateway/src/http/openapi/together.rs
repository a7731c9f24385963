//! What holds for several fields of a schema together.

use ruche_schemas::kinds::chat::{MAX_STOP_BYTES, MAX_STOPS};
use serde_json::{Value, json};

use super::values::name;

/// Schema, bounds.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Value)> {
    of_chats().into_iter().chain(of_filters())
}

fn of_chats() -> Vec<(&'static str, Value)> {
    let string = |least: usize, most: usize| json!({ "type": "string", "minLength": least, "maxLength": most });
    vec![
        ("Kind", name(32)),
        ("Bot", json!({ "required": ["name"] })),
        (
            "OneOrMany",
            json!({ "anyOf": [string(1, MAX_STOP_BYTES), { "type": "array", "maxItems": MAX_STOPS, "items": string(1, MAX_STOP_BYTES) }] }),
        ),
        // Narrower than what is read: an empty message of the system counts as none, so it can't be the only one, and
        // `contains` would say so; but programs that make requests from the description need minutes for it.
        (
            "ChatCompletionMessage",
            json!({ "anyOf": [
                { "properties": { "role": { "const": "assistant" } } },
                { "required": ["content"], "properties": { "content": { "anyOf": [
                    { "type": "string", "minLength": 1 },
                    { "type": "array", "minItems": 1, "items": { "properties": { "text": { "minLength": 1 } } } },
                ] } } },
            ] }),
        ),
        (
            "TextPart",
            json!({ "properties": {
            "type": { "const": "text", "description": "`text`: no other type is read." },
            "text": { "type": "string", "description": "The text. Several parts are joined." },
        } }),
        ),
        (
            "Render",
            json!({ "anyOf": [
                { "required": ["markdown"], "properties": { "markdown": { "minLength": 1 } } },
                { "required": ["data"], "properties": { "data": { "minProperties": 1 } } },
            ] }),
        ),
    ]
}

fn of_filters() -> Vec<(&'static str, Value)> {
    let text = |name: &str| json!({ "required": [name], "properties": { (name): { "type": "string" } } });
    let dead = |name: &str| json!({ "required": [name], "properties": { (name): { "type": "string" }, "all": { "const": false } } });
    let nothing = json!({ "type": "null" });
    let by_vector = json!({
        "required": ["vector"],
        "properties": {
            "vector": { "type": "array" }, "mode": { "enum": ["vector", null] }, "rerank": { "const": false }
        },
    });
    vec![
        ("CancelJobs", json!({ "anyOf": [text("kind"), text("state"), text("batch")] })),
        (
            "DeadMany",
            json!({ "anyOf": [
                { "required": ["all"], "properties": { "all": { "const": true }, "kind": nothing, "code": nothing } },
                dead("kind"),
                dead("code"),
            ] }),
        ),
        (
            "SearchRequest",
            json!({ "allOf": [
                { "oneOf": [
                    { "required": ["collection"], "properties": { "collection": { "type": "string" }, "collections": nothing } },
                    { "required": ["collections"], "properties": { "collections": { "type": "array" }, "collection": nothing } },
                ] },
                { "anyOf": [text("query"), by_vector] },
                { "anyOf": [
                    { "properties": { "rerank_hits": nothing } },
                    { "required": ["rerank"], "properties": { "rerank": { "const": true } } },
                ] },
            ] }),
        ),
        (
            "NewSchedule",
            json!({ "oneOf": [
                { "required": ["cron"], "properties": { "cron": { "type": "string" }, "every_seconds": nothing } },
                {
                    "required": ["every_seconds"],
                    "properties": { "every_seconds": { "type": "integer" }, "cron": nothing, "time_zone": nothing },
                },
            ] }),
        ),
    ]
}
