//! The arrows of the workspace: who may depend on whom, and where the names of drivers may stand.
//!
//! `schemas <- {bus, store} <- {gateway, workers} <- benches`; `schemas <- render <- workers`; `migrations` stands alone; `cli` starts the
//! others as processes. Within a crate the core never imports an adapter, and in those of [`WITHOUT_CIRCLES`] no file imports itself by
//! way of others.
//! A crate that needs another arrow has to change this file, and say why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Each crate of the workspace, and those of its siblings that it may use outside of tests.
const ARROWS: [(&str, &[&str]); 10] = [
    ("ruche-schemas", &[]),
    // How it travels and how it is kept know nothing of each other.
    ("ruche-bus", &["ruche-schemas"]),
    ("ruche-store", &["ruche-schemas"]),
    ("ruche-gateway", &["ruche-bus", "ruche-schemas", "ruche-store"]),
    // Sets documents, and knows no queue: so it can be tried, tested and fuzzed without one.
    ("ruche-render", &["ruche-schemas"]),
    ("ruche-workers", &["ruche-bus", "ruche-render", "ruche-schemas", "ruche-store"]),
    ("ruche-migrations", &[]),
    // It measures the setting of documents alone, too.
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
    ("ruche-services", &[]),
];

/// Each driver, and the crates that may use it outside of tests.
const DRIVERS: [(&str, &[&str]); 6] = [
    ("async-nats", &["ruche-bus", "ruche-benches"]),
    ("llama-cpp-2", &["ruche-workers"]),
    ("typst", &["ruche-render"]),
    // Searches are measured beside the driver alone.
    ("sea-orm", &["ruche-store", "ruche-benches"]),
    ("sea-orm-migration", &["ruche-migrations"]),
    ("object_store", &["ruche-store"]),
];

/// The names of those drivers in code, and of what they are made of.
const NAMES: [&str; 6] = ["async_nats", "llama_cpp", "sea_orm", "sqlx", "object_store", "aws_"];

/// The only folders whose code may name a driver.
const ADAPTERS: [&str; 6] = [
    "bus/src/nats/",
    "store/src/entities/",
    "store/src/objects/store.rs",
    "store/src/postgres/",
    "workers/src/adapters/",
    "migrations/src/",
];

/// The adapters of a crate, and the files that put them together with its core: only those may import an adapter.
const CORES: [(&str, &[&str], &[&str]); 2] =
    [("store/src", &["entities", "memory", "postgres"], &["lib.rs"]), ("bus/src", &["memory", "nats"], &["lib.rs"])];

/// The crates whose files import each other in one direction only.
const WITHOUT_CIRCLES: [&str; 1] = ["store/src"];

/// The workspace's packages, as `cargo metadata` tells them.
fn packages() -> Vec<Value> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    let cargo = cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let metadata: Value = serde_json::from_slice(&cargo.output().expect("cargo metadata").stdout).expect("its JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn name(item: &Value) -> &str {
    item["name"].as_str().expect("a name")
}

/// The dependencies of a package outside of tests.
fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    // The kind is null for these, "dev" or "build" for others.
    package["dependencies"].as_array().expect("dependencies").iter().filter(|one| one["kind"].is_null())
}

/// The crates that each crate of the workspace uses outside of tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let used = |package: &Value| dependencies(package).map(|one| name(one).to_owned()).collect();
    packages().iter().map(|package| (name(package).to_owned(), used(package))).collect()
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a folder's entry").path());
    paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
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
    for runtime in ["tokio", "async-nats", "futures", "async-trait", "axum", "reqwest", "sea-orm"] {
        assert!(!used.contains(runtime), "schemas may not depend on {runtime}");
    }
    let packages = packages();
    let schemas = packages.iter().find(|package| name(package) == "ruche-schemas").expect("schemas");
    let described =
        dependencies(schemas).find(|one| name(one) == "utoipa").expect("the crate of the gateway's OpenAPI");
    assert_eq!(described["optional"], true, "only the gateway describes its requests");
}

#[test]
fn no_driver_is_named_outside_its_adapter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut wrong = Vec::new();
    for member in ["schemas", "bus", "store", "gateway", "workers", "migrations", "cli"] {
        for file in sources(&root.join(member).join("src")) {
            let relative = file.strip_prefix(root).expect("a file of the workspace").to_string_lossy().into_owned();
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut ports = vec![root.join("bus/src/port.rs"), root.join("store/src/objects/port.rs")];
    ports.extend(sources(&root.join("workers/src/ports")));
    let features = fs::read_dir(root.join("store/src")).expect("a folder").map(|entry| entry.expect("an entry").path());
    ports.extend(features.filter(|path| path.is_file()));
    for port in ports {
        let text = fs::read_to_string(&port).unwrap_or_else(|error| panic!("{}: {error}", port.display()));
        let found: Vec<_> = text.lines().filter_map(|line| named(line).map(|name| (name, line.trim()))).collect();
        assert!(found.is_empty(), "{} names {found:?}", port.display());
    }
}

/// The modules of a crate, by their path (`postgres::search`), each with its text outside of tests.
fn modules(crate_: &Path) -> BTreeMap<String, String> {
    let module = |file: PathBuf| {
        let path = file.strip_prefix(crate_).expect("a file of the crate").with_extension("");
        let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
        let name = parts.filter(|part| part != "mod" && part != "lib").collect::<Vec<_>>().join("::");
        let text = fs::read_to_string(&file).expect("a source file");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        (name, text)
    };
    sources(crate_).into_iter().map(module).collect()
}

/// The paths that a tree of imports stands for: `a::{b, c::D}` is `a::b` and `a::c::D`.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let before = before.trim();
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{before}{path}")).collect()
}

/// The trees of a file's `use` statements.
fn trees(text: &str) -> impl Iterator<Item = String> {
    let starts = text.match_indices("use ").filter(|(at, _)| {
        let before = text[..*at].rsplit('\n').next().unwrap_or_default().trim_start();
        matches!(before, "" | "pub " | "pub(crate) " | "pub(super) ")
    });
    starts.map(|(at, word)| text[at + word.len()..].split(';').next().unwrap_or_default().replace('\n', " "))
}

/// The modules that each module of a crate imports with `use`. What a root re-exports is not followed.
fn imports(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all = BTreeMap::new();
    for (name, text) in modules {
        let mut found = BTreeSet::new();
        for tree in trees(text) {
            for path in paths(&tree) {
                found.extend(module_of(name, &path, modules).filter(|other| other != name));
            }
        }
        all.insert(name.as_str(), found);
    }
    all
}

/// The module that a path leads to, from this one: the longest beginning that is a file.
fn module_of<'m>(from: &str, path: &str, modules: &'m BTreeMap<String, String>) -> Option<&'m str> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut place: Vec<&str> = from.split("::").filter(|part| !part.is_empty()).collect();
    match parts.first().copied() {
        Some("crate") => place.clear(),
        Some("self") => {}
        Some("super") => drop(place.pop()),
        // A child, or another crate.
        Some(child) => {
            let own = [&place[..], &[child]].concat().join("::");
            return modules.get_key_value(own.as_str()).map(|(name, _)| name.as_str());
        }
        None => return None,
    }
    parts.remove(0);
    while parts.first() == Some(&"super") {
        parts.remove(0);
        place.pop();
    }
    place.extend(parts);
    (0..=place.len())
        .rev()
        .find_map(|length| modules.get_key_value(place[..length].join("::").as_str()).map(|(name, _)| name.as_str()))
}

/// A module that imports itself by way of others, and that way.
fn circle<'m>(imports: &BTreeMap<&'m str, BTreeSet<&'m str>>) -> Option<Vec<&'m str>> {
    fn walk<'m>(
        at: &'m str,
        way: &mut Vec<&'m str>,
        done: &mut BTreeSet<&'m str>,
        imports: &BTreeMap<&'m str, BTreeSet<&'m str>>,
    ) -> bool {
        if let Some(from) = way.iter().position(|one| *one == at) {
            way.drain(..from);
            way.push(at);
            return true;
        }
        if !done.insert(at) {
            return false;
        }
        way.push(at);
        let found = imports.get(at).into_iter().flatten().any(|next| walk(next, way, done, imports));
        if !found {
            way.pop();
        }
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|start| {
        let mut way = Vec::new();
        walk(start, &mut way, &mut done, imports).then_some(way)
    })
}

#[test]
fn the_core_of_a_crate_imports_no_adapter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for (folder, adapters, roots) in CORES {
        let modules = modules(&root.join(folder));
        let is_adapter = |module: &str| adapters.contains(&module.split("::").next().unwrap_or_default());
        for (module, imported) in imports(&modules) {
            if module.is_empty() && roots.contains(&"lib.rs") || is_adapter(module) {
                continue;
            }
            let wrong: Vec<_> = imported.into_iter().filter(|other| is_adapter(other)).collect();
            assert!(wrong.is_empty(), "{folder}: {module} is of the core and imports {wrong:?}");
        }
    }
}

#[test]
fn no_file_imports_itself_by_way_of_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for folder in WITHOUT_CIRCLES {
        let modules = modules(&root.join(folder));
        assert_eq!(circle(&imports(&modules)), None, "{folder}");
    }
}

#[test]
fn a_circle_is_found_and_a_way_in_one_direction_is_none() {
    let modules = |files: &[(&str, &str)]| -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let straight = [
        ("", "mod a;\nmod b;\n"),
        ("a", "use crate::b::{C, d::E};\nuse std::fmt;\n"),
        ("b", "use super::b::d;\n"),
        ("b::d", ""),
    ];
    assert_eq!(circle(&imports(&modules(&straight))), None);
    let round = [("a", "use crate::{\n    b::{C, d::E},\n};\n"), ("b", ""), ("b::d", "use super::super::a::F;\n")];
    assert_eq!(circle(&imports(&modules(&round))), Some(vec!["a", "b::d", "a"]));
}

#[test]
fn names_are_found_in_code_but_not_in_comments_or_longer_words() {
    assert_eq!(named("use sea_orm::Database;"), Some("sea_orm"));
    assert_eq!(named("// sea_orm stays behind this port"), None);
    assert_eq!(named("let my_sqlx = 1;"), None);
}
