//! A kind's name occurs only in its own files, so a new kind costs no line elsewhere.
//!
//! The test looks for strings that are exactly the name (`"embed"`, also in `feature = "embed"` and
//! `Kind::new("embed")`) and for paths through its module (`kinds::embed::…`). Tests and benches may name any kind.

use std::{collections::BTreeSet, fs};

use ruche_schemas::kinds;

use super::{files::paths, relative, root, source::code, sources};

/// Where every kind is named: its own files, and its row in the two lists.
const OWN: [&str; 7] = [
    "schemas/src/kinds/{kind}.rs",
    "schemas/src/kinds/{kind}/",
    "schemas/src/kinds/mod.rs",
    "workers/src/kinds/{kind}.rs",
    "workers/src/kinds/{kind}/",
    "workers/src/kinds/mod.rs",
    "workers/src/kinds/list.rs",
];

/// The features for people and programs that use a kind, and the libraries of its worker. A new kind needs none of
/// them.
const FEATURES: &[(&str, &[&str])] = &[
    ("chat", &["gateway/src/chat/", "gateway/src/bots/", "schemas/src/bots.rs"]),
    (
        "chat",
        &["store/src/conversations.rs", "store/src/postgres/conversations.rs", "store/src/memory/conversations.rs"],
    ),
    ("chat", &["workers/src/inference/"]),
    ("embed", &["gateway/src/documents/", "gateway/src/search/", "schemas/src/bots.rs", "cli/src/documents/"]),
    ("embed", &["workers/src/inference/", "workers/src/sandbox/", "workers/src/text/"]),
    ("render", &["gateway/src/render/", "cli/src/render/", "cli/src/templates.rs", "workers/src/sandbox/"]),
    // The bounds of those features' operations in the description of the API.
    ("chat", &["gateway/src/http/openapi/"]),
    ("embed", &["gateway/src/http/openapi/"]),
    ("rerank", &["gateway/src/http/openapi/"]),
    ("rerank", &["gateway/src/search/", "cli/src/bots.rs", "cli/src/search.rs", "workers/src/inference/"]),
];

/// Files that name a kind and should not. The list only gets shorter. These check whether there is a model at
/// all.
const KNOWN: &[(&str, &[&str])] = &[
    ("chat", &["workers/src/lib.rs", "workers/src/kinds/prepared.rs"]),
    ("embed", &["workers/src/lib.rs", "workers/src/kinds/prepared.rs"]),
    ("rerank", &["workers/src/lib.rs", "workers/src/kinds/prepared.rs"]),
];

fn may(kind: &str, file: &str) -> bool {
    let own = OWN.iter().map(|own| own.replace("{kind}", kind));
    let features = FEATURES.iter().chain(KNOWN).filter(|(name, _)| *name == kind).flat_map(|(_, files)| *files);
    own.chain(features.map(|file| (*file).to_owned())).any(|allowed| file.starts_with(&allowed))
}

fn named<'kind>(code: &str, kinds: &'kind [String]) -> BTreeSet<&'kind str> {
    let paths = paths(code);
    let goes_through =
        |kind: &str| paths.iter().any(|path| path.windows(2).any(|two| two[0] == "kinds" && two[1] == kind));
    let names = |kind: &&String| code.contains(&format!("\"{kind}\"")) || goes_through(kind);
    kinds.iter().filter(names).map(String::as_str).collect()
}

#[test]
fn no_kind_is_named_outside_its_files() {
    let kinds: Vec<_> = kinds::all().into_iter().map(|kind| kind.kind.to_string()).collect();
    let mut wrong = Vec::new();
    for member in ["schemas", "store", "bus", "gateway", "workers", "migrations", "cli", "cli/services"] {
        for path in sources(&root().join(member).join("src")) {
            if path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests")) {
                continue;
            }
            let (file, code) = (relative(&path), code(&fs::read_to_string(&path).unwrap(), true));
            let named = named(&code, &kinds);
            wrong.extend(named.into_iter().filter(|kind| !may(kind, &file)).map(|kind| format!("{file} names {kind}")));
        }
    }
    assert!(wrong.is_empty(), "take it from the kind's descriptor, or say here why not:\n{}", wrong.join("\n"));
}

#[test]
fn a_name_is_found_as_a_text_and_in_a_path() {
    let kinds = ["toy".to_owned(), "doll".to_owned()];
    for code in
        ["Kind::new(\"toy\")", "use a::kinds::{toy::Toy, b};", "crate::kinds::toy::f()", "#[cfg(feature = \"toy\")]"]
    {
        assert_eq!(named(code, &kinds), BTreeSet::from(["toy"]), "{code}");
    }
    for code in ["let toy = 1;", "f(\"a toy\")", "toys::doll()"] {
        assert!(named(code, &kinds).is_empty(), "{code}");
    }
}
