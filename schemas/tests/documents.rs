//! The committed documents are those that this build writes, and their references resolve.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{collections::BTreeSet, fs, path::Path};

use ruche_schemas::documents::{documents, kinds_page};
use serde_json::Value;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/json"))
}

#[test]
fn no_committed_document_is_stale() {
    for (name, document) in documents() {
        let path = folder().join(&name);
        let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "schemas/json/{name} is stale: run the tests once with UPDATE_SNAPSHOTS=1");
    }
}

#[test]
fn the_page_about_the_kinds_is_not_stale() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/kinds.md"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, kinds_page()).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == kinds_page(), "docs/kinds.md is stale: run the tests once with UPDATE_SNAPSHOTS=1");
}

#[test]
fn no_document_of_a_kind_is_left_over_by_mistake() {
    let known: BTreeSet<String> = documents().into_iter().map(|(name, _)| name).collect();
    let kinds: Vec<_> = ruche_schemas::kinds::all().into_iter().map(|kind| kind.kind.to_string()).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // An older version of a kind stays: programs may still send it.
        let older = kinds.iter().any(|kind| name.starts_with(&format!("{kind}.v")));
        assert!(known.contains(&name) || older, "schemas/json/{name} describes nothing that there is");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let all = documents();
    let mut found = 0;
    for (name, document) in &all {
        let mut references = Vec::new();
        collect(document, &mut references);
        for reference in references {
            found += 1;
            match reference.strip_prefix('#') {
                Some(pointer) => assert!(document.pointer(pointer).is_some(), "{name}: {reference}"),
                None => assert!(
                    all.iter().any(|(other, _)| reference == format!("./{other}")),
                    "{name}: {reference} is no document of ours"
                ),
            }
        }
    }
    assert!(found > 5);
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
