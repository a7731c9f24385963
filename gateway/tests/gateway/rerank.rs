//! `"rerank": true` in `POST /v1/search`, with a worker that scores texts by length.

use std::{num::NonZeroUsize, sync::Arc};

use reqwest::{Method, Response};
use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_schemas::{
    Envelope, EventType, Failure, Job as _,
    failure::codes,
    kinds::rerank::{Rerank, Reranked},
};
use serde_json::{Value, json};

use crate::{
    search_support::{Doc, Shelf},
    support::{Fixture, Log, json_of, refused, registration, tenant, without_worker},
};

const MODEL: &str = "longer-is-better";

/// Three documents in `docs` of acme, and a worker on request.
async fn start(with_worker: bool) -> Fixture {
    let gateway = without_worker(|app| app.settings.wait_seconds = 1).await;
    let store = &*gateway.store;
    let model = store.model("embedder", 3).await;
    store.collection(&tenant("acme"), "docs", Some(&model)).await;
    for (source, text) in [("short", "bees bees"), ("long", "bees in a hive in a wood"), ("middle", "bees sleep long")]
    {
        store.document(&Doc::new(&model, source, text, &[1.0, 0.0, 0.0])).await;
    }
    if with_worker {
        let bus = gateway.bus.clone() as Arc<dyn Bus>;
        let registered = WorkerRegistration { kind: Rerank::KIND, models: vec![MODEL.to_owned()], ..registration() };
        bus.register(&registered).await.unwrap();
        tokio::spawn(work(bus));
    }
    gateway
}

async fn work(bus: Arc<dyn Bus>) {
    let mut deliveries = bus.consume(&Rerank::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(4).unwrap()).await {
            tokio::spawn(rerank(bus.clone(), delivery));
        }
    }
}

/// `long -x` is longer than the model reads, `silence -x` gets no answer.
async fn rerank(bus: Arc<dyn Bus>, delivery: Delivery) {
    let envelope: Envelope<Rerank> = serde_json::from_slice(&delivery.payload).unwrap();
    let mut log = Log::open(bus, Rerank::KIND, delivery.job.clone()).await;
    let Rerank { query, texts, model } = envelope.body;
    assert_eq!(model.as_deref(), Some(MODEL));
    if query.starts_with("silence") {
        return;
    }
    if query.starts_with("long") {
        let failure = Failure::new(codes::CONTEXT_LENGTH, "the query is too long").with_param("query");
        log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
    } else {
        let scores = texts.iter().map(|text| text.len() as f32).collect();
        let reranked = Reranked { model: MODEL.to_owned(), scores, tokens: vec![1; texts.len()] };
        log.append(EventType::Done, serde_json::to_value(reranked).unwrap()).await;
    }
    delivery.done().await.unwrap();
}

async fn send(gateway: &Fixture, query: &str, top_k: u32, hits: u32) -> Response {
    let body = json!({ "query": query, "collection": "docs", "mode": "text", "top_k": top_k, "rerank": true,
        "rerank_hits": hits, "explain": true });
    gateway.request(Method::POST, "/v1/search").json(&body).send().await.unwrap()
}

fn sources(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|hit| hit["source"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_best_hits_are_ordered_by_what_the_reranker_finds() {
    let gateway = start(true).await;
    let answer = json_of(send(&gateway, "bees", 2, 3).await).await;
    assert_eq!(sources(&answer), ["long", "middle"], "of all three, the two that it likes best: {answer}");
    assert_eq!((&answer["reranker"], &answer["mode"], answer.get("notes")), (&json!(MODEL), &json!("text"), None));
    let best = &answer["data"][0];
    assert_eq!((&best["score"], &best["explanation"]["rerank_score"]), (&json!(24.0), &json!(24.0)));
    assert!(best["explanation"]["text_score"].as_f64().is_some_and(|score| score < 24.0), "{best}");
    let one = json_of(send(&gateway, "bees", 1, 1).await).await;
    assert_eq!(sources(&one), ["short"], "only the best of the search was read");
    let none = json_of(send(&gateway, "wasps", 2, 3).await).await;
    assert_eq!((sources(&none).len(), &none["reranker"]), (0, &Value::Null));
}

#[tokio::test]
async fn where_none_can_rerank_the_hits_stay_as_they_are_and_a_note_says_so() {
    let without = start(false).await;
    let answer = json_of(send(&without, "bees", 2, 3).await).await;
    assert_eq!((sources(&answer)[0], &answer["reranker"]), ("short", &Value::Null), "{answer}");
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert_eq!(answer["notes"][0], "the hits were not reranked: no worker has a reranker now");
    let silent = start(true).await;
    let answer = json_of(send(&silent, "silence bees", 2, 3).await).await;
    assert_eq!((sources(&answer)[0], &answer["reranker"]), ("short", &Value::Null), "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().starts_with("the hits were not reranked: "), "{answer}");
}

#[tokio::test]
async fn a_query_longer_than_the_reranker_reads_is_shortened() {
    let gateway = start(true).await;
    let answer = json_of(send(&gateway, "long bees", 2, 3).await).await;
    assert_eq!(answer["reranker"], json!(MODEL), "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().contains("only its end was compared"), "{answer}");
}

#[tokio::test]
async fn what_can_not_be_meant_is_refused_by_name() {
    let gateway = start(false).await;
    for (body, param) in [
        (json!({ "query": "x", "collection": "docs", "rerank": "yes" }), "rerank"),
        (json!({ "query": "x", "collection": "docs", "rerank_hits": 5 }), "rerank_hits"),
        (json!({ "query": "x", "collection": "docs", "rerank": true, "rerank_hits": 0 }), "rerank_hits"),
        (json!({ "query": "x", "collection": "docs", "rerank": true, "rerank_hits": 101 }), "rerank_hits"),
        (json!({ "vector": [1, 2, 3], "collection": "docs", "rerank": true }), "rerank"),
    ] {
        let response = gateway.request(Method::POST, "/v1/search").json(&body).send().await.unwrap();
        assert_eq!(refused(response, 400).await, (param.to_owned(), "invalid_request".to_owned()), "{body}");
    }
}
