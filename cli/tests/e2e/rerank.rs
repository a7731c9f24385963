//! Reranked hits, from the command to the model and back. The model's head is untrained: its scores are known by
//! number (`workers/models/minilm/pairs.json`), and say nothing of the texts.

use serde_json::{Value, json};

use crate::{
    operating::ruche,
    system::{RERANKER, Running, System, TIMEOUT},
};

/// How far scores may be from the reference: weights of 16 bits, and llama.cpp's shorter GELU.
const ALIKE: f64 = 0.02;

/// The query of most pairs, and each text with its score.
fn known() -> (String, Vec<(String, f64)>) {
    let pairs: Vec<Value> = serde_json::from_str(include_str!("../../../workers/models/minilm/pairs.json")).unwrap();
    let query = pairs[0]["query"].as_str().unwrap().to_owned();
    let text = |pair: &Value| (pair["text"].as_str().unwrap().to_owned(), pair["score"].as_f64().unwrap());
    (query.clone(), pairs.iter().filter(|pair| pair["query"] == query).map(text).collect())
}

#[tokio::test]
async fn what_was_found_is_ordered_by_a_model_that_reads_it() {
    let system = System::start().await;
    let (gateway, _embed) = (system.gateway().await, system.embed_worker().await);
    let (query, texts) = known();
    for (number, (text, _)) in texts.iter().enumerate() {
        let body = json!({"collection": "docs", "source": number.to_string(), "text": text, "format": "text"});
        let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &body)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let search = json!({"query": query, "collection": "docs", "mode": "vector", "rerank": true, "explain": true});
    let (status, before) = Running::json(gateway.post("/v1/search", &search)).await;
    assert_eq!((status, &before["reranker"]), (200, &Value::Null));
    assert!(before["notes"][0].as_str().unwrap().contains("no worker has a reranker"), "{before}");
    assert_eq!(before["data"][0]["source"], "0", "by meaning");

    let _rerank = system.rerank_worker().await;
    let body = json!({"query": query, "texts": texts.iter().map(|(text, _)| text).collect::<Vec<_>>()});
    let (status, job) = Running::json(gateway.post("/v1/jobs/rerank", &body)).await;
    assert_eq!(status, 202, "{job}");
    let last = gateway.events(job["id"].as_str().unwrap(), 1).await.rest().await.pop().unwrap();
    assert_eq!((&last["type"], &last["data"]["model"]), (&json!("done"), &json!(RERANKER)), "{last}");
    for ((text, score), found) in texts.iter().zip(last["data"]["scores"].as_array().unwrap()) {
        assert!((found.as_f64().unwrap() - score).abs() < ALIKE, "{found} is not {score}: {text}");
    }

    // The list of workers is cached for a moment.
    let asking = async {
        loop {
            let (status, after) = Running::json(gateway.post("/v1/search", &search)).await;
            if status != 200 || !after["reranker"].is_null() {
                return (status, after);
            }
        }
    };
    let (status, after) = tokio::time::timeout(TIMEOUT, asking).await.unwrap();
    assert_eq!((status, &after["reranker"], after.get("notes")), (200, &json!(RERANKER), None), "{after}");
    let scores: Vec<f64> = after["data"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.len() == texts.len() && scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    assert_eq!(after["data"][0]["source"], "2", "it has by far the highest score");
    assert!((scores[0] - texts[2].1).abs() < ALIKE, "{scores:?}");

    let arguments = ["search", &query, "-c", "docs", "--mode", "vector", "-k", "1", "--rerank", "--explain"];
    let shown = ruche(&gateway, &system.key, &arguments).await;
    assert!(shown.code == 0 && shown.out.contains("docs > 2"), "{} {}", shown.out, shown.err);
    assert!(shown.out.contains("reranker: 1."), "{}", shown.out);
}
