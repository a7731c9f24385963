//! The bounds of parameters, from the constants that the checks use.

use ruche_schemas::{
    Lane,
    kinds::embed::{
        Format,
        document::{MAX_SOURCE_BYTES, MAX_TITLE_BYTES},
    },
};
use serde_json::{Value, json};

use super::{
    common::each_operation,
    values::{DAY, date_or_time, kinds_there, lanes, language, length, merge, model, name, range, states},
};
use crate::http::limits;

/// What positions in logs may be: a database's integers.
const MOST: i64 = i64::MAX;

pub(super) fn add(document: &mut Value) {
    each_operation(document, |path, method, operation| {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if parameter["in"] != "path" {
                merge(&mut parameter["schema"], &of_parameter(path, method, &name));
                let position = positions(&parameter["schema"]);
                merge(&mut parameter["schema"], &position);
            }
            if (path, name.as_str()) == ("/v1/documents", "metadata") {
                as_json(parameter);
            }
        }
        // An empty body is an empty object there.
        if matches!((path, method), ("/v1/renders/{id}/link" | "/v1/dead/{job}/replay", "post")) {
            operation.entry("requestBody").or_insert_with(|| json!({}))["required"] = json!(false);
        }
    });
}

/// A parameter that is a JSON object, in a text.
fn as_json(parameter: &mut Value) {
    if let Some(parameter) = parameter.as_object_mut() {
        parameter.remove("schema");
        let content = json!({ "application/json": { "schema": { "type": "object", "additionalProperties": true } } });
        parameter.insert("content".to_owned(), content);
    }
}

/// Numbers of 64 bits without a bound of their own.
fn positions(schema: &Value) -> Value {
    match schema["format"] == "int64" && schema.get("maximum").is_none() {
        true => json!({ "maximum": MOST }),
        false => json!({}),
    }
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
        (_, _, "published_at" | "run_at") => date_or_time(),
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
        (_, _, "version") => json!({ "format": "uint32", "minimum": 1, "maximum": u32::MAX }),
        (_, _, "report") => json!({ "enum": ["header", "json"] }),
        (_, _, "standards") => {
            let one = "(1[.]7|2[.]0|a-2b|a-3b|ua-1)";
            json!({ "pattern": format!("^{one}(,{one})*$") })
        }
        _ => json!({}),
    }
}
