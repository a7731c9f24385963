//! The core of a crate knows no adapter: only the file that puts a program together does.

use super::files::graph;

/// What adapts a port to a driver, or stands in for one in tests.
const ADAPTERS: [&str; 7] = [
    "bus/src/nats/",
    "bus/src/memory/",
    "store/src/postgres/",
    "store/src/entities/",
    "store/src/memory/",
    "store/src/objects/store.rs",
    "workers/src/inference/llama/",
];

/// Which files put a program or a library together, so that they name its adapters.
const ROOTS: &[&str] = &["store/src/objects/claims.rs", "store/src/objects/mod.rs"];

/// What still breaks the rule. The list only gets shorter.
const KNOWN: &[&str] =
    &["workers/src/kinds/chat/handler.rs", "workers/src/kinds/embed/load.rs", "workers/src/kinds/rerank.rs"];

fn adapter(file: &str) -> Option<&'static str> {
    ADAPTERS.into_iter().find(|adapter| file.starts_with(adapter))
}

#[test]
fn no_core_takes_a_name_from_an_adapter() {
    let mut wrong = Vec::new();
    for (file, taken) in graph() {
        if adapter(&file).is_some() || ROOTS.contains(&&*file) || KNOWN.contains(&&*file) {
            continue;
        }
        wrong.extend(taken.iter().filter(|taken| adapter(taken).is_some()).map(|taken| format!("{file} -> {taken}")));
    }
    assert!(wrong.is_empty(), "give it a port:\n{}", wrong.join("\n"));
}
