//! The shipped topology and server configurations.

use std::{fs, path::Path, process::Command, time::Duration};

use ruche_schemas::{
    Kind,
    config::Config,
    kinds,
    topology::{markdown, rows::ROWS, server::Stream, streams::streams},
};
use ruche_services::tools::Tools;
use serde_json::{Map, Value, json};

fn nats_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../nats"))
}

/// Streams and consumers by name, from the default configuration.
fn snapshot() -> Value {
    let config = Config::from_layers(None, Some(std::collections::HashMap::new())).expect("the default configuration");
    let kinds: Vec<Kind> = kinds::all().into_iter().map(|descriptor| descriptor.kind).collect();
    let streams = streams(&config.nats, &kinds, Duration::from_secs(config.worker.ack_wait_seconds));
    let entry = |stream: &Stream| {
        let value = json!({"config": stream, "consumers": stream.consumers});
        (stream.name.clone(), value)
    };
    Value::Object(streams.iter().map(entry).collect::<Map<_, _>>())
}

/// Compares a committed file with its source.
fn fresh(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(path, text).expect("a snapshot");
    }
    let committed = fs::read_to_string(path).expect("a snapshot");
    let path = path.display();
    assert!(committed == text, "{path} is stale: run the tests once with UPDATE_SNAPSHOTS=1");
}

#[test]
fn the_snapshot_of_the_topology_is_not_stale() {
    let text = format!("{}\n", serde_json::to_string_pretty(&snapshot()).expect("JSON"));
    fresh(&nats_folder().join("topology.json"), &text);
}

#[test]
fn the_page_about_streams_is_not_stale() {
    fresh(&nats_folder().join("../docs/streams.md"), &markdown::page(&ROWS));
}

#[test]
fn every_server_configuration_is_valid() {
    let tools = Tools::find().expect("nats-server");
    for name in ["server.conf", "cluster.conf"] {
        let mut command = Command::new(&tools.nats_server);
        command.arg("-t").arg("-c").arg(nats_folder().join(name));
        let passwords = ["PASSWORD", "GATEWAY_PASSWORD", "WORKER_PASSWORD", "CLUSTER_PASSWORD"];
        for variable in ["NAME", "USER"].into_iter().chain(passwords) {
            command.env(format!("NATS_{variable}"), "n1");
        }
        for (variable, host) in [("NATS_ROUTE_1", "n2"), ("NATS_ROUTE_2", "n3")] {
            command.env(variable, format!("nats-route://cluster:secret@{host}:6222"));
        }
        let output = command.output().expect("nats-server");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {printed}");
    }
}
