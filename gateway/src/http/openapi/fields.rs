//! The bounds of the fields of bodies, from the constants that the checks use. Attributes of types can't name
//! constants.

use ruche_schemas::{
    bots::{BOT_GREETING, BOT_SUGGESTION, BOT_SUGGESTIONS, BOT_TITLE, MAX_COLLECTIONS},
    kinds::chat::{MAX_INSTRUCTIONS_BYTES, MAX_MESSAGES, MAX_NOTHING_FOUND_BYTES, MAX_STOP_BYTES, MAX_STOPS},
};
use serde_json::{Map, Value, json};

use super::{
    together,
    values::{DAY, date_or_time_or_null, kinds_there, lanes, language, length, merge, model, name, range},
};
use crate::http::limits;

pub(super) fn add(document: &mut Value) {
    let handling = handling(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (schema, field, bounds) in fields().into_iter().chain(of_jobs()) {
        if let Some(field) = schemas.get_mut(schema).and_then(|schema| properties(schema)?.get_mut(field)) {
            merge(field, &bounds);
        }
    }
    for (schema, bounds) in together::all() {
        if let Some(schema) = schemas.get_mut(schema) {
            merge(schema, &bounds);
        }
    }
    // A bot is read as a change (RFC 7396): `null` is the default.
    for schema in ["Bot", "Retrieval", "BotLimits", "Look"] {
        schemas.get_mut(schema).into_iter().for_each(or_null);
    }
    let change = schemas.get("Bot").map(change_of).unwrap_or_default();
    schemas.insert("BotChange".to_owned(), change);
    let mut new = schemas.get("Document").cloned().unwrap_or_default();
    properties(&mut new).into_iter().for_each(|fields| fields.extend(handling.clone()));
    schemas.insert("NewDocument".to_owned(), new);
    for schema in schemas.values_mut() {
        properties(schema).into_iter().flatten().for_each(|(_, field)| without_wrong_default(field));
    }
}

/// The parameters of a new document that a JSON body may have as fields beside the document's.
fn handling(document: &Value) -> Map<String, Value> {
    let parameters = document.pointer("/paths/~1v1~1documents/post/parameters").and_then(Value::as_array);
    let named = |name: &str| parameters?.iter().find(|parameter| parameter["name"] == name);
    let field = |parameter: &Value| {
        let mut field = parameter["schema"].clone();
        field["description"] = parameter["description"].clone();
        field["type"] = json!([field["type"], "null"]);
        if let Some(values) = field.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        field
    };
    ["model", "lane", "wait"].iter().filter_map(|name| Some(((*name).to_owned(), field(named(name)?)))).collect()
}

fn properties(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

/// What is left out is empty, and that is refused: it is no default.
fn without_wrong_default(field: &mut Value) {
    let refuses_empty = field["minLength"].as_u64().is_some_and(|least| least > 0) || field["pattern"].is_string();
    if refuses_empty && field["default"] == "" {
        field.as_object_mut().map(|field| field.remove("default"));
    }
}

/// Schema, field, bounds.
fn of_jobs() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("DeadMany", "kind", kinds_there()),
        ("CancelJobs", "kind", kinds_there()),
        ("CancelJobs", "state", json!({ "enum": ["queued", "scheduled", "running", "retrying", "active"] })),
        ("NewJob", "kind", kinds_there()),
        ("NewJob", "lane", lanes()),
        ("NewJob", "run_at", date_or_time_or_null()),
        ("NewJob", "delay_seconds", range(0, limits::AHEAD_DAYS * DAY)),
        ("NewJob", "idempotency_key", length(1, limits::IDEMPOTENCY_KEY_BYTES)),
        ("NewUnique", "key", length(1, limits::UNIQUE_KEY_BYTES)),
        ("NewUnique", "window_seconds", range(1, limits::UNIQUE_WINDOW.as_secs())),
        ("NewSchedule", "kind", kinds_there()),
        ("NewSchedule", "lane", lanes()),
        ("NewSchedule", "every_seconds", range(1, limits::INTERVAL_SECONDS)),
        ("NewLink", "expires_in", range(1, limits::LINK_SECONDS)),
        ("NewLimits", "in_flight", range(0, limits::MOST_IN_FLIGHT)),
        ("NewLimits", "per_second", range(0, limits::MOST_PER_SECOND)),
        ("NewLimits", "backlog", json!({ "minimum": 1 })),
    ]
}

/// Schema, field, bounds.
fn fields() -> Vec<(&'static str, &'static str, Value)> {
    let texts = |most: usize, length: usize| json!({ "maxItems": most, "items": { "type": "string", "minLength": 1, "maxLength": length } });
    let some = |mut bounds: Value| {
        bounds["minItems"] = json!(1);
        bounds
    };
    let names = |mut bounds: Value| {
        let mut item = name(64);
        item["type"] = json!("string");
        bounds["items"] = item;
        bounds
    };
    let words = json!({ "type": "string", "pattern": "\\S" });
    let pointer = json!({ "pattern": "^(/|$)" });
    let pointed = json!({ "type": "string", "pattern": "^(/|$)" });
    vec![
        ("Bot", "instructions", length(0, MAX_INSTRUCTIONS_BYTES)),
        ("Bot", "model", model()),
        ("Bot", "collections", names(json!({ "maxItems": MAX_COLLECTIONS, "uniqueItems": true }))),
        ("Retrieval", "nothing_found", length(1, MAX_NOTHING_FOUND_BYTES)),
        ("Look", "title", length(0, BOT_TITLE)),
        ("Look", "greeting", length(0, BOT_GREETING)),
        (
            "Look",
            "suggestions",
            json!({ "maxItems": BOT_SUGGESTIONS, "items": { "type": "string", "maxLength": BOT_SUGGESTION } }),
        ),
        ("ChatCompletionRequest", "model", model()),
        ("Chat", "model", model()),
        ("Chat", "messages", json!({ "minItems": 1, "maxItems": MAX_MESSAGES })),
        ("Chat", "max_tokens", range(1, 1_000_000)),
        ("Chat", "stop", texts(MAX_STOPS, MAX_STOP_BYTES)),
        ("RenderForm", "markdown", json!({ "minLength": 1 })),
        ("RenderForm", "template", name(64)),
        ("EmbeddingRequest", "model", model()),
        (
            "EmbeddingRequest",
            "input",
            json!({ "anyOf": [words, { "type": "array", "minItems": 1, "maxItems": limits::EMBED_TEXTS, "items": words }] }),
        ),
        ("CollectionRequest", "name", name(64)),
        ("CollectionRequest", "language", language()),
        ("CollectionRequest", "description", length(0, limits::COLLECTION_DESCRIPTION)),
        ("CollectionChange", "language", language()),
        ("CollectionChange", "description", length(0, limits::COLLECTION_DESCRIPTION)),
        ("MigrationRequest", "model", model()),
        ("SearchRequest", "collection", name(64)),
        ("SearchRequest", "collections", names(json!({ "minItems": 1, "maxItems": limits::SEARCH_COLLECTIONS }))),
        ("SearchRequest", "query", json!({ "maxLength": limits::SEARCH_TEXT_BYTES, "pattern": "\\S" })),
        // Not all of its numbers are 0.
        ("SearchRequest", "vector", json!({ "minItems": 1, "contains": { "not": { "const": 0 } } })),
        ("Template", "with", json!({ "propertyNames": pointer, "additionalProperties": pointed })),
        ("NewBatch", "callback", callback()),
        ("SearchFilter", "published_after", date_or_time_or_null()),
        ("SearchFilter", "published_before", date_or_time_or_null()),
        ("SearchFilter", "sources", some(texts(limits::SEARCH_SOURCES, limits::SEARCH_SOURCE_BYTES))),
    ]
}

/// Utoipa takes no description beside a reference.
fn callback() -> Value {
    let about = "The job to start when the batch is closed and all its jobs have ended. Its `with` copies from \
                 `{\"batch\", \"total\", \"done\", \"failed\", \"cancelled\"}`. Default: none.";
    json!({ "description": about, "anyOf": [{ "$ref": "#/components/schemas/Template" }, { "type": "null" }] })
}

/// Lets every field be `null`, but the name.
fn or_null(schema: &mut Value) {
    for (_, field) in properties(schema).into_iter().flatten().filter(|(name, _)| *name != "name") {
        *field = json!({ "anyOf": [field.take(), { "type": "null" }] });
    }
}

/// Without the name, which a bot keeps.
fn change_of(bot: &Value) -> Value {
    let mut change = bot.clone();
    change["description"] = json!("A change to a bot: missing fields stay as they are, `null` restores the default.");
    for (of, name) in [("", "required"), ("/properties", "name")] {
        change.pointer_mut(of).and_then(Value::as_object_mut).map(|fields| fields.remove(name));
    }
    change
}
