//! The short form of `make faults`: the same processes and the same audit, few faults.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

use std::process::Command;

use serde_json::Value;

/// Runs a scenario, and returns its counts.
fn faults(scenario: &str, kills: u64, jobs: u64) -> Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ruche-bench"));
    program.args(["faults", scenario, "--json", "--kills", &kills.to_string(), "--jobs", &jobs.to_string()]);
    let output = program.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Of at least this many jobs, none was lost, stored twice or out of order.
fn assert_sound(outcome: &Value, faults: u64, jobs: u64) {
    let number = |name: &str| outcome[name].as_u64().unwrap();
    assert_eq!(outcome["findings"], serde_json::json!([]));
    assert_eq!(number("faults"), faults);
    assert!(number("accepted") >= jobs, "{outcome}");
    assert_eq!(number("done") + number("failed"), number("accepted"), "{outcome}");
    assert_eq!(["lost", "twice", "disordered", "other"].map(number), [0; 4], "{outcome}");
}

#[test]
fn workers_that_are_killed_at_random_lose_nothing_and_store_nothing_twice() {
    let outcome = faults("worker-kills", 10, 500);
    assert_sound(&outcome, 10, 500);
    assert!(outcome["hits"]["taken_over"].as_u64().unwrap() > 0, "the kills hit nothing: {outcome}");
}

#[test]
fn a_cluster_whose_leader_is_killed_loses_nothing_and_stores_nothing_twice() {
    assert_sound(&faults("cluster-leader", 1, 300), 1, 300);
}
