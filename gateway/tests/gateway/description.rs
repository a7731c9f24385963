//! `/openapi.json` describes the routes that exist.

use std::{collections::BTreeSet, path::Path, process::Command};

use ruche_gateway::app::router::document;
use ruche_services::tools::Tools;
use serde_json::{Value, json};

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

/// Its own words, or those within its alternatives.
fn is_described(schema: &Value) -> bool {
    let within = |name: &str| schema[name].as_array().is_some_and(|all| all.iter().any(is_described));
    schema["description"].as_str().is_some_and(|words| !words.trim().is_empty()) || within("anyOf") || within("oneOf")
}

#[test]
fn every_parameter_and_every_field_is_described() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let fields = schemas.iter().flat_map(|(name, schema)| {
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.map(move |(field, schema)| (format!("{name}.{field}"), schema))
    });
    let operations = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().values().map(move |operation| (path, operation)));
    let parameters = operations.flat_map(|(path, operation)| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.map(move |one| (format!("{path} {}", one["name"]), one))
    });
    let silent: Vec<String> =
        fields.chain(parameters).filter(|(_, described)| !is_described(described)).map(|(name, _)| name).collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn a_time_that_may_be_a_date_is_described_as_both() {
    let document = document();
    let path = |path: &str, method: &str, name: &str| {
        let parameters = document["paths"][path][method]["parameters"].as_array().unwrap().clone();
        parameters.into_iter().find(|one| one["name"] == name).unwrap()["schema"].take()
    };
    let field = |schema: &str, name: &str| document["components"]["schemas"][schema]["properties"][name].clone();
    for (name, schema) in [
        ("published_at of the query", path("/v1/documents", "post", "published_at")),
        ("run_at of the query", path("/v1/jobs/{job}", "post", "run_at")),
        ("Document.published_at", field("Document", "published_at")),
        ("NewDocument.published_at", field("NewDocument", "published_at")),
        ("NewJob.run_at", field("NewJob", "run_at")),
        ("SearchFilter.published_after", field("SearchFilter", "published_after")),
        ("SearchFilter.published_before", field("SearchFilter", "published_before")),
    ] {
        let formats: Vec<&Value> = schema["anyOf"].as_array().expect(name).iter().map(|one| &one["format"]).collect();
        assert!(formats.contains(&&json!("date")) && formats.contains(&&json!("date-time")), "{name}: {schema}");
        assert!(schema.get("format").is_none() && schema.get("type").is_none(), "{name}: {schema}");
    }
}

#[test]
fn numbers_are_described_with_the_bounds_that_the_checks_have() {
    let document = document();
    let field = |schema: &str, name: &str| &document["components"]["schemas"][schema]["properties"][name];
    for (schema, name, least, most) in [
        ("Document", "chunk_tokens", 16.0, 8192.0),
        ("NewDocument", "chunk_tokens", 16.0, 8192.0),
        ("Embed", "dimensions", 1.0, 16384.0),
        ("Chat", "temperature", 0.0, 2.0),
        ("Chat", "frequency_penalty", -2.0, 2.0),
        ("Chat", "max_completion_tokens", 1.0, 1_000_000.0),
        ("Sampling", "presence_penalty", -2.0, 2.0),
        ("Grounding", "max_tokens", 1.0, 32_000.0),
        ("Options", "toc", 0.0, 6.0),
        ("Options", "ppi", 24.0, 600.0),
    ] {
        let schema_of = field(schema, name);
        let bounds = (schema_of["minimum"].as_f64(), schema_of["maximum"].as_f64());
        assert_eq!(bounds, (Some(least), Some(most)), "{schema}.{name}");
    }
    let parameters = document["paths"]["/v1/documents"]["post"]["parameters"].as_array().unwrap();
    let chunk_tokens = parameters.iter().find(|one| one["name"] == "chunk_tokens").unwrap();
    assert_eq!((&chunk_tokens["schema"]["minimum"], &chunk_tokens["schema"]["maximum"]), (&json!(16), &json!(8192)));
    assert_eq!(field("NewDocument", "lane")["enum"], json!(["normal", "bulk", null]));
}

#[test]
fn its_schemas_are_json_schemas_that_accept_what_we_say() {
    let python = Tools::find().unwrap().venv.join("bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/check_schemas.py");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let output = Command::new(python).args([script, file]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
