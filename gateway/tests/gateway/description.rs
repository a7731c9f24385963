//! `/openapi.json` describes the routes that exist.

use std::{collections::BTreeSet, path::Path, process::Command};

use ruche_gateway::app::router::document;
use ruche_services::tools::Tools;
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
        "/v1/embeddings",
        "/v1/models",
        "/v1/models/{id}",
        "/v1/bots",
        "/v1/bots/{name}",
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
    let python = Tools::find().unwrap().venv.join("bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/check_schemas.py");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let output = Command::new(python).args([script, file]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
