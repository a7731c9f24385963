//! The bounds of parameters and fields, from the constants that the checks use. Attributes of types can't name constants.

use ruche_schemas::{
    Lane,
    bots::{BOT_GREETING, BOT_SUGGESTION, BOT_SUGGESTIONS, BOT_TITLE, MAX_COLLECTIONS},
    kinds::{
        self,
        chat::{MAX_INSTRUCTIONS_BYTES, MAX_MESSAGES, MAX_NOTHING_FOUND_BYTES, MAX_STOP_BYTES, MAX_STOPS},
        embed::{
            document::{Format, MAX_SOURCE_BYTES, MAX_TITLE_BYTES},
            language::LANGUAGES,
        },
    },
};
use serde_json::{Map, Value, json};

use super::common::each_operation;
use crate::http::limits;

/// What positions in logs may be: a database's integers.
const MOST: i64 = i64::MAX;
const DAY: i64 = 24 * 3600;

pub(super) fn add(document: &mut Value) {
    each_operation(document, |path, method, operation| {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if parameter["in"] != "path" {
                merge(&mut parameter["schema"], &of_parameter(path, method, &name));
                let position = positions(&parameter["schema"]);
                merge(&mut parameter["schema"], &position);
            }
        }
        // An empty body is an empty object there.
        if matches!((path, method), ("/v1/job-batches" | "/v1/renders/{id}/link" | "/v1/dead/{job}/replay", "post")) {
            operation.entry("requestBody").or_insert_with(|| json!({}))["required"] = json!(false);
        }
    });
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (schema, field, bounds) in fields() {
        if let Some(field) = schemas.get_mut(schema).and_then(|schema| properties(schema)?.get_mut(field)) {
            merge(field, &bounds);
        }
    }
    for (schema, bounds) in wholes() {
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
    for schema in schemas.values_mut() {
        properties(schema).into_iter().flatten().for_each(|(_, field)| without_wrong_default(field));
    }
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

/// Overwrites; an enumeration of a field that may be `null` has `null`.
fn merge(schema: &mut Value, bounds: &Value) {
    let nullable = schema["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"));
    let (Some(schema), Some(bounds)) = (schema.as_object_mut(), bounds.as_object()) else { return };
    if bounds.contains_key("anyOf") {
        schema.remove("$ref");
    }
    for (key, value) in bounds {
        let mut value = value.clone();
        if let ("enum", true, Some(values)) = (key.as_str(), nullable, value.as_array_mut()) {
            values.push(Value::Null);
        }
        schema.insert(key.clone(), value);
    }
}

/// Numbers of 64 bits without a bound of their own.
fn positions(schema: &Value) -> Value {
    match schema["format"] == "int64" && schema.get("maximum").is_none() {
        true => json!({ "maximum": MOST }),
        false => json!({}),
    }
}

/// A name of a-z, 0-9, _ and -.
fn name(longest: usize) -> Value {
    json!({ "pattern": format!("^[a-z0-9][a-z0-9_-]{{0,{}}}$", longest - 1) })
}

fn range(least: impl Into<Value>, most: impl Into<Value>) -> Value {
    let (least, most): (Value, Value) = (least.into(), most.into());
    json!({ "minimum": least, "maximum": most })
}

fn length(least: usize, most: usize) -> Value {
    json!({ "minLength": least, "maxLength": most })
}

fn lanes() -> Value {
    json!({ "enum": Lane::ALL.map(Lane::as_str) })
}

fn kinds_there() -> Value {
    let kinds: Vec<String> = kinds::all().iter().map(|descriptor| descriptor.kind.to_string()).collect();
    json!({ "enum": kinds })
}

fn states() -> Value {
    json!({ "enum": ["queued", "scheduled", "running", "retrying", "active", "done", "failed", "cancelled"] })
}

fn model() -> Value {
    length(1, limits::MODEL_NAME_BYTES)
}

/// An English name, or a code with a region or without.
fn language() -> Value {
    let names = LANGUAGES.map(|(name, _)| name).join("|");
    let codes: Vec<&str> = LANGUAGES.iter().map(|(_, code)| *code).filter(|code| !code.is_empty()).collect();
    json!({ "pattern": format!("^({names}|({})([-_][A-Za-z0-9]+)*)$", codes.join("|")) })
}

fn of_parameter(path: &str, method: &str, name_of: &str) -> Value {
    match (path, method, name_of) {
        (_, _, "Idempotency-Key") => length(1, limits::IDEMPOTENCY_KEY_BYTES),
        (_, _, "limit") => json!({ "minimum": 1, "maximum": limits::PAGE, "default": limits::PAGE_DEFAULT }),
        (_, _, "tenant") => name(63),
        ("/v1/documents", "post", "lane") => json!({ "enum": [Lane::Normal.as_str(), Lane::Bulk.as_str()] }),
        ("/v1/documents", "post", "format") => json!({ "enum": Format::ALL.map(Format::as_str) }),
        ("/v1/documents", "post", "source") => length(1, MAX_SOURCE_BYTES),
        ("/v1/documents", "post", "title") => length(0, MAX_TITLE_BYTES),
        ("/v1/documents", "post", "url") => length(0, MAX_SOURCE_BYTES),
        ("/v1/documents", "post", "published_at") => json!({ "format": "date-time" }),
        ("/v1/documents", _, "collection") | ("/v1/collections", _, "after") => name(64),
        ("/v1/render", _, "template") => name(64),
        ("/v1/render", _, "format") => json!({ "enum": ["pdf", "png"] }),
        ("/v1/jobs" | "/v1/dead", "get", "kind") => kinds_there(),
        ("/v1/jobs", "get", "state") => states(),
        ("/v1/jobs", "get", "after") => {
            let id = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
            json!({ "pattern": format!("^(e([.]{id})?|q[.][a-z0-9][a-z0-9_-]{{0,31}}[.][0-9]{{1,18}})$") })
        }
        ("/v1/templates/{name}", "put", "description") => length(0, limits::TEMPLATE_DESCRIPTION),
        (_, _, "lane" | "Ruche-Lane") => lanes(),
        (_, _, "delay_seconds") => range(0, limits::AHEAD_DAYS * DAY),
        (_, _, "model") => model(),
        (_, _, "language") => language(),
        (_, _, "lang") => json!({ "pattern": "^[A-Za-z]{2,3}(-([A-Za-z]{2}|[A-Za-z]{4}))*$" }),
        (_, _, "title") => length(0, 1_000),
        (_, _, "page") => range(1, 100_000),
        (_, _, "ppi") => range(24, 600),
        (_, _, "toc") => range(0, 6),
        (_, _, "version") => json!({ "minimum": 1 }),
        (_, _, "report") => json!({ "enum": ["header", "json"] }),
        (_, _, "standards") => {
            let one = "(1[.]7|2[.]0|a-2b|a-3b|ua-1)";
            json!({ "pattern": format!("^{one}(,{one})*$") })
        }
        _ => json!({}),
    }
}

/// Schema, field, bounds.
fn fields() -> Vec<(&'static str, &'static str, Value)> {
    let texts = |most: usize, length: usize| json!({ "maxItems": most, "items": { "type": "string", "minLength": 1, "maxLength": length } });
    let names = |mut bounds: Value| {
        let mut item = name(64);
        item["type"] = json!("string");
        bounds["items"] = item;
        bounds
    };
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
        ("EmbeddingRequest", "model", model()),
        ("CollectionRequest", "name", name(64)),
        ("CollectionRequest", "language", language()),
        ("CollectionRequest", "description", length(0, limits::COLLECTION_DESCRIPTION)),
        ("CollectionChange", "language", language()),
        ("CollectionChange", "description", length(0, limits::COLLECTION_DESCRIPTION)),
        ("MigrationRequest", "model", model()),
        ("DeadMany", "kind", kinds_there()),
        ("CancelJobs", "kind", kinds_there()),
        ("CancelJobs", "state", states()),
        ("NewJob", "kind", kinds_there()),
        ("NewJob", "lane", lanes()),
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
        ("SearchRequest", "collection", name(64)),
        ("SearchRequest", "collections", names(json!({ "minItems": 1, "maxItems": limits::SEARCH_COLLECTIONS }))),
        ("SearchRequest", "query", json!({ "maxLength": limits::SEARCH_TEXT_BYTES, "pattern": "\\S" })),
        // Not all of its numbers are 0.
        ("SearchRequest", "vector", json!({ "minItems": 1, "contains": { "not": { "const": 0 } } })),
        ("Template", "with", json!({ "propertyNames": pointer, "additionalProperties": pointed })),
        ("NewBatch", "callback", json!({ "anyOf": [{ "$ref": "#/components/schemas/Template" }, { "type": "null" }] })),
        ("SearchFilter", "sources", texts(limits::SEARCH_SOURCES, limits::SEARCH_SOURCE_BYTES)),
    ]
}

/// What holds for several fields of a schema together.
fn wholes() -> Vec<(&'static str, Value)> {
    let text = |name: &str| json!({ "required": [name], "properties": { (name): { "type": "string" } } });
    let dead = |name: &str| json!({ "required": [name], "properties": { (name): { "type": "string" }, "all": { "const": false } } });
    let nothing = json!({ "type": "null" });
    let by_vector = json!({
        "required": ["vector"],
        "properties": {
            "vector": { "type": "array" }, "mode": { "enum": ["vector", null] }, "rerank": { "const": false }
        },
    });
    let string = |least: usize, most: usize| json!({ "type": "string", "minLength": least, "maxLength": most });
    vec![
        ("Kind", name(32)),
        ("Bot", json!({ "required": ["name"] })),
        // The others are known and refused.
        ("ChatCompletionRole", json!({ "enum": ["system", "developer", "user", "assistant"] })),
        (
            "OneOrMany",
            json!({ "anyOf": [string(1, MAX_STOP_BYTES), { "type": "array", "maxItems": MAX_STOPS, "items": string(1, MAX_STOP_BYTES) }] }),
        ),
        (
            "Render",
            json!({ "anyOf": [
                { "required": ["markdown"], "properties": { "markdown": { "minLength": 1 } } },
                { "required": ["data"], "properties": { "data": { "minProperties": 1 } } },
            ] }),
        ),
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

/// Lets every field be `null`, but the name.
fn or_null(schema: &mut Value) {
    for (_, field) in properties(schema).into_iter().flatten().filter(|(name, _)| *name != "name") {
        *field = json!({ "anyOf": [field.take(), { "type": "null" }] });
    }
}

/// Without the name, which a bot keeps.
fn change_of(bot: &Value) -> Value {
    let mut change = bot.clone();
    change["description"] = json!("A change to a bot: what is left out stays, `null` is the default.");
    for (of, name) in [("", "required"), ("/properties", "name")] {
        change.pointer_mut(of).and_then(Value::as_object_mut).map(|fields| fields.remove(name));
    }
    change
}
