//! `/openapi.json` is true: schemathesis finds no difference between what it says and what the gateway does.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_schemas::{
    EventType, Job, Kind,
    kinds::{
        embed::{Embed, Embedded, Indexed, to_bytes},
        rerank::{Rerank, Reranked},
    },
};
use ruche_services::tools::Tools;
use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};
use uuid::Uuid;

use crate::{
    render_support::Renders,
    support::{Log, registration},
};

/// How a job's body is answered.
type Answer = fn(&Value) -> Value;

async fn work(bus: Arc<dyn Bus>, kind: Kind, answer: Answer) {
    let mut deliveries = bus.consume(&kind).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(16).unwrap()).await {
            tokio::spawn(run(bus.clone(), kind.clone(), delivery, answer));
        }
    }
}

async fn run(bus: Arc<dyn Bus>, kind: Kind, delivery: Delivery, answer: Answer) {
    let envelope: Value = serde_json::from_slice(&delivery.payload).unwrap();
    let mut log = Log::open(bus, kind, delivery.job.clone()).await;
    log.append(EventType::Started, json!({ "worker": "test-1" })).await;
    log.append(EventType::Done, answer(&envelope["body"])).await;
    delivery.done().await.unwrap();
}

fn embedded(body: &Value) -> Value {
    let texts = body["texts"].as_array().map_or(0, Vec::len);
    if texts == 0 {
        let language = "simple".to_owned();
        let indexed = Indexed { document: Uuid::nil(), model: "test".to_owned(), language, ..Indexed::default() };
        return serde_json::to_value(indexed).unwrap();
    }
    let dimensions = u32::try_from(body["dimensions"].as_u64().unwrap_or(4)).unwrap();
    let mut vector = vec![0.0; dimensions as usize];
    vector[0] = 1.0;
    let vectors = vec![to_bytes(&vector); texts];
    let embedded = Embedded { model: "test".to_owned(), version: None, dimensions, vectors, tokens: vec![3; texts] };
    serde_json::to_value(embedded).unwrap()
}

fn reranked(body: &Value) -> Value {
    let texts = body["texts"].as_array().map_or(0, Vec::len);
    let reranked = Reranked { model: "test".to_owned(), scores: vec![0.5; texts], tokens: vec![3; texts] };
    serde_json::to_value(reranked).unwrap()
}

async fn join(bus: &Arc<dyn Bus>, kind: Kind, answer: Answer) {
    let registration = WorkerRegistration { kind: kind.clone(), models: vec!["test".to_owned()], ..registration() };
    tokio::spawn(work(bus.clone(), kind, answer));
    let bus = bus.clone();
    bus.register(&registration).await.unwrap();
    // A registration is over after a while.
    tokio::spawn(async move {
        let mut beats = tokio::time::interval(Duration::from_secs(5));
        loop {
            beats.tick().await;
            bus.register(&registration).await.unwrap();
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_difference() {
    let gateway = Renders::start_with(|app| app.settings.wait_seconds = 5).await;
    gateway.work().await;
    let bus = gateway.bus.clone() as Arc<dyn Bus>;
    join(&bus, Embed::KIND, embedded).await;
    join(&bus, Rerank::KIND, reranked).await;
    let mut command = Command::new(Tools::find().unwrap().venv.join("bin/schemathesis"));
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/schemathesis.toml");
    command.args(["--config-file", config, "--no-color", "run", &format!("{}/openapi.json", gateway.url)]);
    command.args(["--header", &format!("Authorization: Bearer {}", gateway.admin), "--max-time", "300"]);
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path());
    // A schema that it can't make examples of holds it up beyond its own limit.
    let run = command.kill_on_drop(true).output();
    let output = timeout(Duration::from_secs(600), run).await.expect("an end in time").unwrap();
    let output_text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output_text}\n{}", String::from_utf8_lossy(&output.stderr));
    // An empty run would be a success too.
    let cases = output_text.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    assert!(cases.is_some_and(|cases| cases > 1_000), "{output_text}");
}
