//! `/openapi.json`: what it describes is what there is.

use std::{collections::BTreeSet, path::Path};

use ruche_gateway::routes::openapi::document;
use serde_json::Value;

use crate::support::without_worker;

#[tokio::test]
async fn the_committed_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = format!("{:#}\n", document());
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "gateway/openapi.json is stale: run the test with UPDATE_SNAPSHOTS=1");
    let gateway = without_worker(|_| {}).await;
    let served: Value = gateway.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(served, document());
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(reference);
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_description_is_openapi_3_1_and_complete_in_itself() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference} is missing");
    }
    let paths = document["paths"].as_object().unwrap();
    let mut operations = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operations.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == name && p["in"] == "path"), "{path} lacks {name}");
            }
        }
    }
    for path in [
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/{id}",
        "/v1/jobs/{job}",
        "/v1/jobs/{job}/events",
        "/v1/ws",
        "/v1/conversations",
        "/v1/conversations/{id}",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
}

#[test]
fn its_schemas_are_json_schemas_that_accept_what_we_say() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // The schemas refer to each other by their place in the document.
    let of = |name: &str| {
        let mut whole = document.clone();
        whole["$ref"] = format!("#/components/schemas/{name}").into();
        jsonschema::draft202012::new(&whole).unwrap()
    };
    let chat = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let messages = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    for name in ["Chat", "JobInput", "ChatCompletionRequest"] {
        assert!(of(name).is_valid(&chat(messages)), "{name}");
        assert!(!of(name).is_valid(&chat(r#"{"messages":7}"#)), "{name}");
    }
    let parts =
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"stop":"x","temperature":0.5}"#;
    assert!(of("ChatCompletionRequest").is_valid(&chat(parts)));
    assert!(!of("ChatCompletionRequest").is_valid(&chat(r#"{"messages":[],"temperature":3}"#)));
    assert!(!of("ChatCompletionRequest").is_valid(&chat(r#"{"messages":[{"role":"user","content":"x"}],"colour":1}"#)));
}
