//! The core of a crate names no adapter: only the file that composes a program does.

use super::files::{graph, named};

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

/// Drivers that gateways and workers get as ports, and the only files that choose them.
const DRIVERS: [&str; 3] = ["ruche_store::postgres", "ruche_bus::nats", "sea_orm"];
const PROGRAMS: [&str; 4] =
    ["gateway/src/app/serve.rs", "gateway/src/main.rs", "workers/src/program.rs", "workers/src/main.rs"];

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

#[test]
fn only_a_program_chooses_its_database_and_its_bus() {
    let mut wrong = Vec::new();
    for (file, paths) in named() {
        let is_bound = file.starts_with("gateway/src/") || file.starts_with("workers/src/");
        if is_bound && !PROGRAMS.contains(&file.as_str()) {
            let is_driver = |path: &&String| DRIVERS.iter().any(|driver| path.starts_with(driver));
            wrong.extend(paths.iter().filter(is_driver).map(|path| format!("{file} -> {path}")));
        }
    }
    assert!(wrong.is_empty(), "take a port:\n{}", wrong.join("\n"));
}
