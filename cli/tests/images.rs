//! What an image compiles: no Typst for models, no llama.cpp for documents.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    let output = cargo.args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The worker's features, one per kind, and what each enables.
fn kinds() -> BTreeMap<String, Vec<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let workers = packages.iter().find(|package| package["name"] == "ruche-workers").unwrap();
    let features: BTreeMap<String, Vec<String>> = serde_json::from_value(workers["features"].clone()).unwrap();
    // Each optional dependency is a feature, too, of its own name, unless one names it as `dep:`.
    features.into_iter().filter(|(name, _)| name != "default").collect()
}

/// The kinds that enable this dependency.
fn with(dependency: &str) -> Vec<String> {
    let turned_on = format!("dep:{dependency}");
    let kinds = kinds().into_iter().filter(|(_, on)| on.contains(&turned_on)).map(|(name, _)| name).collect::<Vec<_>>();
    assert!(!kinds.is_empty(), "no kind turns {dependency} on");
    kinds
}

/// The crates in a worker of these kinds, build scripts included.
fn crates(kinds: &[String]) -> String {
    let kinds = kinds.join(",");
    let arguments = ["tree", "--offline", "-p", "ruche-workers", "--no-default-features", "--features", &kinds];
    cargo(&[&arguments[..], &["-e", "normal,build", "--prefix", "none"]].concat())
}

fn named<'a>(crates: &'a str, beginning: &str) -> Vec<&'a str> {
    crates.lines().filter(|line| line.starts_with(beginning)).collect()
}

#[test]
fn a_host_of_models_compiles_no_typst() {
    let crates = crates(&with("llama-cpp-2"));
    assert!(!named(&crates, "llama-cpp-sys-2 ").is_empty(), "{crates}");
    for typesetting in ["typst", "ruche-render ", "comrak ", "merman"] {
        assert_eq!(named(&crates, typesetting), [""; 0], "{typesetting} in a host of models");
    }
}

#[test]
fn a_host_of_documents_compiles_no_llama() {
    let crates = crates(&with("ruche-render"));
    assert!(!named(&crates, "typst ").is_empty(), "{crates}");
    for model in ["llama-cpp", "bindgen ", "minijinja "] {
        assert_eq!(named(&crates, model), [""; 0], "{model} in a host of documents");
    }
}

#[test]
fn an_image_is_built_of_the_kinds_that_it_is_told() {
    let file = fs::read_to_string(root().join("deploy/Containerfile")).unwrap();
    let listed = file.lines().find_map(|line| line.strip_prefix("ARG KINDS=")).expect("ARG KINDS");
    let mut listed: Vec<&str> = listed.split(',').collect();
    listed.sort_unstable();
    let all = kinds();
    assert_eq!(listed, all.keys().collect::<Vec<_>>(), "without a KINDS, an image has all kinds");
    assert!(file.contains(r#"--no-default-features --features "$KINDS""#), "{file}");
}
