//! The core of a crate names no adapter: only the file that composes a program does.

use super::files::graph;

/// Adapters of ports to drivers, or their stand-ins in tests.
const ADAPTERS: [&str; 7] = [
    "bus/src/nats/",
    "bus/src/memory/",
    "store/src/postgres/",
    "store/src/entities/",
    "store/src/memory/",
    "store/src/objects/store.rs",
    "workers/src/inference/llama/",
];

/// Files that compose a program or a library, so they name adapters: a kind's `prepare` chooses its engine.
const ROOTS: [&str; 3] = ["store/src/objects/claims.rs", "store/src/objects/mod.rs", "workers/src/kinds/"];

fn adapter(file: &str) -> Option<&'static str> {
    ADAPTERS.into_iter().find(|adapter| file.starts_with(adapter))
}

#[test]
fn no_core_takes_a_name_from_an_adapter() {
    let mut wrong = Vec::new();
    for (file, taken) in graph() {
        if adapter(&file).is_some() || ROOTS.iter().any(|root| file.starts_with(root)) {
            continue;
        }
        wrong.extend(taken.iter().filter(|taken| adapter(taken).is_some()).map(|taken| format!("{file} -> {taken}")));
    }
    assert!(wrong.is_empty(), "give it a port:\n{}", wrong.join("\n"));
}
