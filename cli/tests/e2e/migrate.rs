//! Migrates collections with the real programs. The second model is the same file with another pooling, so its
//! vectors differ.

use std::process::{Output, Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ruche_services::testing;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::system::{EMBEDDER, Running, System};

const NEXT: &str = "the-next-one";

async fn with_both(system: &System) -> Running {
    let path = testing::embedding_model().display().to_string();
    let next = [
        ("RUCHE_EMBED__NEXT_MODEL_PATH", path.as_str()),
        ("RUCHE_EMBED__NEXT_MODEL_NAME", NEXT),
        ("RUCHE_EMBED__NEXT_POOLING", "cls"),
    ];
    system.embed_worker_with(&next).await
}

async fn add(gateway: &Running, collection: &str, source: &str, text: &str) -> Value {
    let body = json!({"collection": collection, "source": source, "text": text, "language": "en"});
    let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn models_of(gateway: &Running, answer: &Value) -> Vec<String> {
    let path = format!("/v1/documents/{}", answer["document"].as_str().unwrap());
    let (_, view) = Running::json(gateway.get(&path)).await;
    let models = view["models"].as_array().unwrap_or_else(|| panic!("{view}"));
    models.iter().map(|one| one["model"].as_str().unwrap().to_owned()).collect()
}

async fn collection(gateway: &Running, name: &str) -> (Value, Value) {
    let (_, mut view) = Running::json(gateway.get(&format!("/v1/collections/{name}"))).await;
    (view["model"].take(), view["next_model"].take())
}

/// The model of a search with hits.
async fn found_by(gateway: &Running, name: &str) -> Value {
    let body = json!({"query": "Who lays eggs?", "collection": name});
    let (status, mut found) = Running::json(gateway.post("/v1/search", &body)).await;
    assert_eq!((status, &found["mode"]), (200, &json!("hybrid")), "{found}");
    assert!(found["data"].as_array().is_some_and(|hits| !hits.is_empty()), "{found}");
    found["model"].take()
}

fn migrate(system: &System, gateway: &Running, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruche"));
    command.args(["embed", "migrate"]).args(arguments).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn page(sections: usize) -> String {
    let section = |n: usize| format!("## Section {n}\n\nThe hive number {n} stands in the meadow, and bees fly.\n\n");
    (0..sections).map(section).collect()
}

#[tokio::test]
async fn all_collections_go_to_another_model_and_stay_searchable_on_the_way() {
    let system = System::start().await;
    let (gateway, old) = (system.gateway().await, system.embed_worker().await);
    let mut answer = Vec::new();
    for (collection, source) in [("handbook", "a.md"), ("handbook", "b.md"), ("letters", "a.md")] {
        answer.push(add(&gateway, collection, source, &format!("# {source}\n\nThe queen lays eggs.\n")).await);
    }
    // No worker has it yet.
    let output = migrate(&system, &gateway, &["--to", NEXT]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    assert!(printed(&output).contains(EMBEDDER), "{}", printed(&output));
    old.end().await;
    let both = with_both(&system).await;
    assert_eq!(found_by(&gateway, "handbook").await, EMBEDDER);
    // The list of models is cached for a moment.
    loop {
        let (_, models) = Running::json(gateway.get("/v1/models")).await;
        let names: Vec<_> = models["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
        if names.contains(&json!(NEXT)) && names.contains(&json!(EMBEDDER)) {
            break;
        }
    }
    let output = migrate(&system, &gateway, &["--to", NEXT]).output().await.unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    for (name, documents) in [("handbook", 2), ("letters", 1)] {
        let line = format!("{name}: {documents} documents, searched with {NEXT} now");
        assert!(printed(&output).contains(&line), "{}", printed(&output));
        assert_eq!(collection(&gateway, name).await, (json!(NEXT), Value::Null));
        assert_eq!(found_by(&gateway, name).await, NEXT);
    }
    for one in &answer {
        assert_eq!(models_of(&gateway, one).await, [NEXT]);
    }
    // The worker's first model is still the old one, and documents go to the collection's model.
    assert_eq!(add(&gateway, "handbook", "c.md", "Smoke calms them.").await["model"], NEXT);
    let vector = async |model: &str| {
        let body = json!({"input": "Bees", "model": model});
        let (status, answer) = Running::json(gateway.post("/v1/embeddings", &body)).await;
        assert_eq!((status, &answer["model"]), (200, &json!(model)), "{answer}");
        answer["data"][0]["embedding"].clone()
    };
    assert_ne!(vector(NEXT).await, vector(EMBEDDER).await);
    let texts = "ruche_embed_texts_total";
    crate::metrics_with(&both, &[texts]).await;
    both.end().await;
}

#[tokio::test]
async fn what_was_interrupted_goes_on_and_documents_that_came_meanwhile_are_minded() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, with_both(&system).await);
    let mut answer = Vec::new();
    for n in 0..6 {
        answer.push(add(&gateway, "handbook", &format!("{n}.md"), &page(40)).await);
    }
    answer.push(add(&gateway, "handbook", "eggs.md", "The queen lays eggs.").await);
    let child = migrate(&system, &gateway, &["--to", NEXT]).spawn().unwrap();
    loop {
        let (searched, next) = collection(&gateway, "handbook").await;
        if next == json!(NEXT) || searched == json!(NEXT) {
            break;
        }
    }
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().await.unwrap();
    // It may have been faster.
    if output.status.code() == Some(130) {
        assert!(printed(&output).contains("goes on from there"), "{}", printed(&output));
    }
    answer.push(add(&gateway, "handbook", "late.md", &page(2)).await);
    answer.push(add(&gateway, "handbook", "0.md", &page(3)).await);
    let gone = format!("/v1/documents/{}", answer[1]["document"].as_str().unwrap());
    assert_eq!(gateway.delete(&gone).send().await.unwrap().status(), 204);
    let done = CancellationToken::new();
    let migrating = async {
        let arguments = ["--to", NEXT, "--collection", "handbook", "--json"];
        let output = migrate(&system, &gateway, &arguments).output().await.unwrap();
        done.cancel();
        output
    };
    let searching = async {
        let mut by = Vec::new();
        while !done.is_cancelled() {
            by.push(found_by(&gateway, "handbook").await);
        }
        by
    };
    let (output, by) = tokio::join!(migrating, searching);
    // Each search found something: by the old model up to the switch, by the new one from then on.
    assert!(by.is_sorted_by_key(|model| *model == NEXT), "{by:?}");
    assert!(output.status.success(), "{}", printed(&output));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let view = &list["data"][0];
    assert_eq!(
        (&view["state"], &view["documents"], &view["model"]),
        (&json!("done"), &json!(7), &json!(NEXT)),
        "{view}"
    );
    for (at, one) in answer.iter().enumerate().filter(|(at, _)| *at != 1) {
        assert_eq!(models_of(&gateway, one).await, [NEXT], "{at}");
    }
    let (_, jobs) = Running::json(gateway.get("/v1/jobs?kind=embed&state=failed")).await;
    assert_eq!(jobs["data"], json!([]));
}

#[tokio::test]
async fn a_cancelled_migration_leaves_the_old_model_alone() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, with_both(&system).await);
    let answer = add(&gateway, "handbook", "a.md", "The queen lays eggs.").await;
    let (status, view) = Running::json(gateway.post("/v1/collections/handbook/migrate", &json!({"model": NEXT}))).await;
    assert_eq!(status, 200, "{view}");
    let is_switched = view["state"] == "done" || view["state"] == "clearing";
    assert!(!is_switched, "its job is just sent: {view}");
    let output = migrate(&system, &gateway, &["--cancel"]).output().await.unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(collection(&gateway, "handbook").await, (json!(EMBEDDER), Value::Null));
    assert!(models_of(&gateway, &answer).await.contains(&EMBEDDER.to_owned()));
    worker.end().await;
}
