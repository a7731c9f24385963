//! Texts to vectors, with the real programs and a real model.

use nix::sys::signal::Signal;
use ruche_services::tools::Tools;
use serde_json::{Value, json};

use crate::system::{EMBEDDER, Running, System};

const EMBEDDINGS: &str = "/v1/embeddings";

fn vectors(answer: &Value) -> Vec<Vec<f64>> {
    let vector = |one: &Value| serde_json::from_value(one["embedding"].clone()).unwrap();
    answer["data"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(vector).collect()
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn what_means_the_same_lies_near_and_nothing_is_left_behind() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, system.embed_worker().await);
    let input =
        ["How long does a refund take?", "When will I get my money back?", "The queen bee lays eggs in every cell."];
    let (status, answer) = Running::json(gateway.post(EMBEDDINGS, &json!({ "input": input }))).await;
    assert_eq!((status, &answer["model"]), (200, &json!(EMBEDDER)), "{answer}");
    let vectors = vectors(&answer);
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.3, "{vectors:?}");
    assert!(vectors.iter().all(|vector| vector.len() == 384 && (cosine(vector, vector) - 1.0).abs() < 1e-5));
    let (_, jobs) = Running::json(gateway.get("/v1/jobs?kind=embed")).await;
    assert_eq!(jobs["data"], json!([]), "they were ephemeral");
    let (_, models) = Running::json(gateway.get("/v1/models")).await;
    assert_eq!(models["data"][0]["id"], EMBEDDER);
    let counted = [
        "ruche_embed_texts_total 3",
        "ruche_embed_queue_wait_seconds_count 1",
        "ruche_embed_batch_fill_count",
        "ruche_jobs_ended_total{kind=\"embed\",outcome=\"done\"} 1",
    ];
    crate::metrics_with(&worker, &counted).await;
}

#[tokio::test]
async fn what_the_model_can_not_do_is_refused_by_name() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.embed_worker().await);
    gateway.knows_all_workers("/v1/embeddings").await;
    let long = "bees ".repeat(600);
    for (body, status, param, code) in [
        (json!({ "input": "a", "dimensions": 385 }), 400, "dimensions", "invalid_request"),
        (json!({ "input": "a", "dimensions": 0 }), 400, "dimensions", "invalid_request"),
        (json!({ "input": ["a", long] }), 400, "input[1]", "context_length_exceeded"),
        (json!({ "input": long }), 400, "input", "context_length_exceeded"),
        (json!({ "input": "a".repeat(1_000_000) }), 400, "input", "invalid_request"),
        (json!({ "input": "a", "model": "text-embedding-3-small" }), 404, "model", "model_not_found"),
        (json!({ "input": [[101, 102]] }), 400, "input", "unsupported_parameter"),
    ] {
        let (found, answer) = Running::json(gateway.post(EMBEDDINGS, &body)).await;
        let error = &answer["error"];
        assert_eq!((found, &error["param"], &error["code"]), (status, &json!(param), &json!(code)), "{answer}");
    }
    let (_, answer) = Running::json(gateway.post(EMBEDDINGS, &json!({ "input": long }))).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("602 tokens"), "{answer}");
    let (status, answer) = Running::json(gateway.post(EMBEDDINGS, &json!({ "input": "a", "dimensions": 64 }))).await;
    assert_eq!(status, 200, "{answer}");
    let vector = vectors(&answer).remove(0);
    assert!(vector.len() == 64 && (cosine(&vector, &vector) - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn a_killed_worker_hands_its_texts_to_another() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    let alone = system.embed_worker().await;
    let texts: Vec<String> = (0..256).map(|number| format!("{number} {}", "bees and flowers ".repeat(40))).collect();
    let (status, job) = Running::json(gateway.post("/v1/jobs/embed", &json!({ "texts": texts }))).await;
    assert_eq!(status, 202, "{job}");
    let id = job["id"].as_str().unwrap();
    let mut events = gateway.events(id, 1).await;
    events.until("started").await;
    // Stopped first, so that it can't end while the other one starts.
    alone.signal(Signal::SIGSTOP);
    let _other = system.embed_worker().await;
    alone.kill().await;
    let last = events.rest().await.pop().unwrap();
    assert_eq!((&last["type"], last["attempt"].as_u64() > Some(1)), (&json!("done"), true), "{last}");
    let (_, result) = Running::json(gateway.get(&format!("/v1/jobs/{id}/result"))).await;
    assert_eq!((&result["dimensions"], result["vectors"].as_array().unwrap().len()), (&json!(384), 256));
}

#[tokio::test]
async fn openai_python_embeds_with_it() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.embed_worker().await);
    gateway.knows_all_workers("/v1/embeddings").await;
    let python = Tools::find().unwrap().venv.join("bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/openai_embeddings.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
