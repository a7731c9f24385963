//! Which crate may depend on which, and where the names of drivers may occur.
//!
//! `schemas <- {bus, store} <- {gateway, workers} <- benches`; `schemas <- render <- workers`; `migrations` stands
//! alone; `cli` starts the others as processes. A crate that needs another arrow must change this file, and say why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use super::{packages, relative, root, sources};

/// Each crate of the workspace, with those of its siblings that it may use outside of tests.
const ARROWS: [(&str, &[&str]); 10] = [
    ("ruche-schemas", &[]),
    ("ruche-store", &["ruche-schemas"]),
    ("ruche-bus", &["ruche-schemas"]),
    ("ruche-gateway", &["ruche-bus", "ruche-schemas", "ruche-store"]),
    // Typesets documents without a queue, so that it can be tested and fuzzed alone.
    ("ruche-render", &["ruche-schemas"]),
    ("ruche-workers", &["ruche-bus", "ruche-render", "ruche-schemas", "ruche-store"]),
    ("ruche-migrations", &[]),
    // It measures the typesetting of documents alone, too.
    (
        "ruche-benches",
        &[
            "ruche-bus",
            "ruche-gateway",
            "ruche-migrations",
            "ruche-render",
            "ruche-schemas",
            "ruche-services",
            "ruche-store",
            "ruche-workers",
        ],
    ),
    ("ruche-cli", &["ruche-schemas", "ruche-services"]),
    // It derives the permissions of logins from the topology.
    ("ruche-services", &["ruche-schemas"]),
];

/// Each driver, and the crates that may use it outside of tests.
const DRIVERS: [(&str, &[&str]); 6] = [
    ("async-nats", &["ruche-bus", "ruche-benches"]),
    ("llama-cpp-2", &["ruche-workers"]),
    ("typst", &["ruche-render"]),
    // Searches are measured beside the driver alone.
    ("sea-orm", &["ruche-store", "ruche-benches"]),
    ("sqlx", &["ruche-migrations", "ruche-store"]),
    ("object_store", &["ruche-store"]),
];

/// The names of those drivers, and of their parts, in code.
const NAMES: [&str; 6] = ["async_nats", "llama_cpp", "sea_orm", "sqlx", "object_store", "aws_"];

const ADAPTERS: [&str; 6] = [
    "bus/src/nats/",
    "store/src/objects/store.rs",
    "store/src/postgres/",
    "store/src/entities/",
    "workers/src/inference/llama/",
    "migrations/src/",
];

fn name(item: &Value) -> &str {
    item["name"].as_str().expect("a name")
}

/// Without those of tests.
fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    // The kind is null for these, "dev" or "build" for others.
    package["dependencies"].as_array().expect("dependencies").iter().filter(|one| one["kind"].is_null())
}

/// The crates that each crate of the workspace uses outside of tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let used = |package: &Value| dependencies(package).map(|one| name(one).to_owned()).collect();
    packages().iter().map(|package| (name(package).to_owned(), used(package))).collect()
}

/// The driver that this line of code names, outside of comments.
fn named(line: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    NAMES.into_iter().find(|name| {
        code.match_indices(name)
            .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
    })
}

#[test]
fn the_arrows_between_crates_hold() {
    let uses = uses();
    let members: BTreeSet<&str> = uses.keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, known, "a new crate of the workspace needs its arrows here");
    for (name, allowed) in ARROWS {
        let ours = uses[name].iter().filter(|used| known.contains(used.as_str()));
        let wrong: Vec<_> = ours.filter(|used| !allowed.contains(&used.as_str())).collect();
        assert!(wrong.is_empty(), "{name} may not depend on {wrong:?}");
    }
}

#[test]
fn each_driver_is_used_only_by_the_crates_that_adapt_it() {
    for (name, used) in uses() {
        for (driver, allowed) in DRIVERS {
            let fine = !used.contains(driver) || allowed.contains(&name.as_str());
            assert!(fine, "{name} may not depend on {driver}: only {allowed:?} may");
        }
    }
}

#[test]
fn schemas_say_and_do_nothing() {
    let used = &uses()["ruche-schemas"];
    for runtime in ["tokio", "async-nats", "sea-orm", "futures", "async-trait", "axum", "reqwest"] {
        assert!(!used.contains(runtime), "schemas may not depend on {runtime}");
    }
}

#[test]
fn no_driver_is_named_outside_its_adapter() {
    let mut wrong = Vec::new();
    for member in ["schemas", "store", "bus", "gateway", "workers", "migrations", "cli"] {
        for file in sources(&root().join(member).join("src")) {
            let relative = relative(&file);
            if ADAPTERS.iter().any(|folder| relative.starts_with(folder)) {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a source file");
            let lines = text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, named(line)?)));
            wrong.extend(lines.map(|(line, name)| format!("{relative}:{line} names {name}")));
        }
    }
    assert!(wrong.is_empty(), "drivers stay behind their ports:\n{}", wrong.join("\n"));
}

#[test]
fn ports_name_no_driver() {
    let entries = fs::read_dir(root().join("store/src")).expect("the store").map(|entry| entry.expect("a file").path());
    let mut ports: Vec<_> = entries.filter(|path| path.is_file()).collect();
    ports.extend(sources(&root().join("bus/src/port")));
    ports.push(root().join("store/src/objects/mod.rs"));
    for port in ports {
        let text = fs::read_to_string(&port).unwrap_or_else(|error| panic!("{}: {error}", port.display()));
        let found: Vec<_> = text.lines().filter_map(|line| named(line).map(|name| (name, line.trim()))).collect();
        assert!(found.is_empty(), "{} names {found:?}", port.display());
    }
}

#[test]
fn names_are_found_in_code_but_not_in_comments_or_longer_words() {
    assert_eq!(named("use sea_orm::Database;"), Some("sea_orm"));
    assert_eq!(named("// sea_orm stays behind this port"), None);
    assert_eq!(named("let my_sqlx = 1;"), None);
}
