//! The topology and the server configurations that are shipped.

use std::{fs, path::Path, process::Command, time::Duration};

use ruche_bus::{names::Names, topology};
use ruche_schemas::{JobId, JobRef, Kind, config::Config, jobs};
use ruche_services::tools::Tools;
use serde_json::{Map, Value, json};

fn nats_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../nats"))
}

/// Streams and consumers by name, as this build makes them from the default configuration.
fn snapshot() -> Value {
    let config = Config::from_layers(None, Some(std::collections::HashMap::new())).expect("the default configuration");
    let kinds: Vec<Kind> = jobs::all().into_iter().map(|descriptor| descriptor.kind).collect();
    let streams = topology::streams(&config.nats, &kinds, Duration::from_secs(config.worker.ack_wait_seconds));
    let entry = |stream: &topology::Stream| {
        let value = json!({"config": stream, "consumers": stream.consumers});
        (stream.name.clone(), value)
    };
    Value::Object(streams.iter().map(entry).collect::<Map<_, _>>())
}

#[test]
fn the_snapshot_of_the_topology_is_not_stale() {
    let path = nats_folder().join("topology.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&snapshot()).expect("JSON"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).expect("a snapshot");
    }
    let committed = fs::read_to_string(&path).expect("nats/topology.json");
    assert!(committed == text, "nats/topology.json is stale: run the tests once with UPDATE_SNAPSHOTS=1");
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
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}

#[test]
fn two_prefixes_share_no_stream_and_no_subject() {
    let job = JobRef { tenant: "acme".parse().expect("a tenant"), id: JobId::generate() };
    let (ruche, other) = (Names::new("ruche"), Names::new("t1"));
    assert_eq!((ruche.stream("EVENTS").as_str(), other.stream("EVENTS").as_str()), ("EVENTS", "T1_EVENTS"));
    assert_eq!(other.jobs(&Kind::new("chat")), "T1_JOBS_CHAT");
    assert_eq!(ruche.event(&job), format!("ruche.event.acme.{}", job.id));
    assert_ne!(ruche.event(&job), other.event(&job));
    assert_eq!(ruche.worker(&Kind::new("chat"), "a.b *>é"), "ruche.worker.chat.a_b____");
}
