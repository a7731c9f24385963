//! `POST /v1/search`, with a store in memory and a worker whose vectors say which words a text has.

use std::{num::NonZeroUsize, sync::Arc};

use reqwest::{Method, Response};
use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_gateway::app::parts::App;
use ruche_schemas::{
    Envelope, EventType, Failure, Job as _,
    kinds::embed::{Embed, Embedded, Purpose, to_bytes},
};
use ruche_store::models::EmbeddingModel;
use serde_json::{Value, json};

use crate::{
    search_support::{Doc, Shelf},
    support::{Fixture, Log, json_of, refused, registration, tenant, without_worker},
};

const SEARCH: &str = "/v1/search";
const MODEL: &str = "embedder";

/// Three documents in `docs` of acme, and one of another tenant.
async fn start(with_worker: bool) -> (Fixture, EmbeddingModel) {
    let gateway = without_worker(|_| {}).await;
    let store = &*gateway.store;
    let model = store.model(MODEL, 3).await;
    for owner in ["acme", "other"] {
        store.collection(&tenant(owner), "docs", Some(&model)).await;
    }
    store.collection(&tenant("other"), "theirs", Some(&model)).await;
    store.collection(&tenant("acme"), "empty", None).await;
    store.document(&Doc::new(&model, "money", "you get your money back", &[1.0, 0.0, 0.0])).await;
    store.document(&Doc::new(&model, "bees", "bees <b>sleep</b> in winter", &[0.0, 1.0, 0.0])).await;
    store.document(&Doc::new(&model, "cats", "cats sleep always", &[0.0, 0.0, 1.0])).await;
    store.document(&Doc { tenant: tenant("other"), ..Doc::new(&model, "theirs", "money", &[1.0, 0.0, 0.0]) }).await;
    if with_worker {
        let bus = gateway.bus.clone() as Arc<dyn Bus>;
        let registered = WorkerRegistration { kind: Embed::KIND, models: vec![MODEL.to_owned()], ..registration() };
        bus.register(&registered).await.unwrap();
        tokio::spawn(work(bus));
    }
    (gateway, model)
}

async fn send(gateway: &Fixture, body: &Value) -> Response {
    gateway.request(Method::POST, SEARCH).json(body).send().await.unwrap()
}

async fn work(bus: Arc<dyn Bus>) {
    let mut deliveries = bus.consume(&Embed::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(4).unwrap()).await {
            tokio::spawn(embed(bus.clone(), delivery));
        }
    }
}

/// "refund" has the vector of "money". `fail <code>` fails; `silence` has no answer; `short` has a vector of two numbers.
async fn embed(bus: Arc<dyn Bus>, delivery: Delivery) {
    let envelope: Envelope<Embed> = serde_json::from_slice(&delivery.payload).unwrap();
    let mut log = Log::open(bus, Embed::KIND, delivery.job.clone()).await;
    let text = &envelope.body.texts[0];
    assert_eq!((envelope.body.purpose, envelope.body.model.as_deref()), (Some(Purpose::Query), Some(MODEL)));
    if text.contains("silence") {
        return;
    }
    if let Some(code) = text.strip_prefix("fail ") {
        let failure = Failure::new(code, "it went wrong").with_param("texts[0]");
        log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
    } else {
        let has = |words: [&str; 2]| f32::from(u8::from(words.iter().any(|word| text.contains(word)))) + 0.01;
        let mut vector = vec![has(["refund", "money"]), has(["bee", "winter"]), has(["cat", "always"])];
        vector.truncate(if text == "short" { 2 } else { 3 });
        let dimensions = u32::try_from(vector.len()).unwrap();
        let embedded = Embedded {
            model: MODEL.into(),
            dimensions,
            tokens: vec![3],
            vectors: vec![to_bytes(&vector)],
            ..Embedded::default()
        };
        log.append(EventType::Done, serde_json::to_value(embedded).unwrap()).await;
    }
    delivery.done().await.unwrap();
}

fn sources(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|hit| hit["source"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_question_finds_what_means_the_same_and_what_says_the_same() {
    let (gateway, _) = start(true).await;
    let body =
        json!({ "query": "refund in winter", "collection": "docs", "top_k": 2, "explain": true, "highlight": true });
    let answer = json_of(send(&gateway, &body).await).await;
    assert_eq!(
        (&answer["object"], &answer["mode"], &answer["model"]),
        (&json!("list"), &json!("hybrid"), &json!(MODEL))
    );
    assert_eq!(sources(&answer), ["bees", "money"], "{answer}");
    assert!(answer["took_ms"].as_f64().is_some() && answer.get("notes").is_none());
    let bees = &answer["data"][0];
    let explanation = &bees["explanation"];
    assert_eq!((&explanation["text_rank"], &explanation["scan"]), (&json!(1), &json!("exact")), "{bees}");
    assert_eq!(explanation["fused"], bees["score"]);
    assert_eq!(bees["highlights"], json!(["bees &lt;b&gt;sleep&lt;/b&gt; in <mark>winter</mark>"]));
    assert_eq!(answer["data"][1]["explanation"]["text_score"], Value::Null);
    let plain = json_of(send(&gateway, &json!({ "query": "refund", "collections": ["docs"] })).await).await;
    let hit = &plain["data"][0];
    assert_eq!((sources(&plain)[0], hit.get("explanation"), hit.get("highlights")), ("money", None, None), "{plain}");
    assert_eq!(hit["text"], "you get your money back");
}

#[tokio::test]
async fn a_collection_that_has_gone_to_another_model_is_searched_with_that_at_once() {
    let (gateway, _) = start(true).await;
    let before = json!({ "vector": [0, 9, 0], "collection": "docs" });
    assert_eq!(sources(&json_of(send(&gateway, &before).await).await)[0], "bees");
    let other = gateway.store.model("other", 2).await;
    gateway.store.collection(&tenant("acme"), "docs", Some(&other)).await;
    gateway.store.document(&Doc::new(&other, "new", "all is new", &[1.0, 0.0])).await;
    let after = json!({ "vector": [1, 1], "collection": "docs" });
    let answer = json_of(send(&gateway, &after).await).await;
    assert_eq!((sources(&answer), &answer["model"]), (vec!["new"], &json!("other")), "{answer}");
    assert_eq!(refused(send(&gateway, &before).await, 400).await.1, "wrong_dimensions");
    let words = json_of(send(&gateway, &json!({ "query": "sleep", "collection": "docs", "mode": "text" })).await).await;
    assert_eq!(sources(&words), [""; 0], "what the other model made of documents is not searched");
}

#[tokio::test]
async fn a_vector_of_ones_own_needs_no_worker() {
    let (gateway, _) = start(false).await;
    let answer = json_of(send(&gateway, &json!({ "vector": [0, 9, 0], "collection": "docs" })).await).await;
    assert_eq!((sources(&answer)[0], &answer["mode"], &answer["model"]), ("bees", &json!("vector"), &json!(MODEL)));
    let body = json!({ "query": "always", "vector": [0, 9, 0], "collection": "docs", "explain": true });
    let answer = json_of(send(&gateway, &body).await).await;
    assert_eq!((&answer["mode"], sources(&answer)[0]), (&json!("hybrid"), "cats"), "{answer}");
    let empty = json_of(send(&gateway, &json!({ "vector": [1.0], "collection": "empty" })).await).await;
    assert_eq!(
        (&empty["data"], &empty["model"]),
        (&json!([]), &Value::Null),
        "without documents nothing is known of vectors"
    );
}

#[tokio::test]
async fn without_a_worker_of_the_model_words_are_searched_and_it_says_so() {
    let (gateway, _) = start(false).await;
    let answer = json_of(send(&gateway, &json!({ "query": "my winter", "collection": "docs" })).await).await;
    assert_eq!((&answer["mode"], &answer["model"], sources(&answer)), (&json!("text"), &Value::Null, vec!["bees"]));
    assert!(answer["notes"][0].as_str().unwrap().contains(MODEL), "{answer}");
    let response = send(&gateway, &json!({ "query": "sleep", "collection": "docs", "mode": "vector" })).await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refused(response, 503).await.1, "model_unavailable");
    let text = json_of(send(&gateway, &json!({ "query": "always", "collection": "docs", "mode": "text" })).await).await;
    assert!(text.get("notes").is_none(), "it is what was asked for: {text}");
}

#[tokio::test]
async fn a_collection_of_another_tenant_is_as_unknown_as_one_that_never_was() {
    let (gateway, _) = start(true).await;
    for name in ["theirs", "unheard-of"] {
        for body in [
            json!({ "query": "money", "collection": name }),
            json!({ "query": "money", "collections": ["docs", name] }),
        ] {
            let (param, code) = refused(send(&gateway, &body).await, 404).await;
            assert_eq!((param.as_str(), code.as_str()), ("collections", "collection_not_found"));
        }
    }
    let mine = json_of(send(&gateway, &json!({ "query": "money", "collection": "docs", "top_k": 100 })).await).await;
    assert_eq!(mine["data"].as_array().unwrap().len(), 3, "{mine}");
    assert!(!sources(&mine).contains(&"theirs"));
}

#[tokio::test]
async fn filters_reach_the_store() {
    let (gateway, _) = start(true).await;
    let filter = json!({ "sources": ["cats", "bees"], "published_after": null });
    let body = json!({ "query": "money", "collection": "docs", "filter": filter });
    let answer = json_of(send(&gateway, &body).await).await;
    assert!(!sources(&answer).is_empty() && !sources(&answer).contains(&"money"), "{answer}");
    let body = json!({ "query": "money", "collection": "docs", "filter": { "metadata": { "lang": "fr" } } });
    assert_eq!(json_of(send(&gateway, &body).await).await["data"], json!([]));
}

#[tokio::test]
async fn a_search_that_can_find_nothing_is_told_why() {
    let (gateway, _) = start(true).await;
    let ask = async |mut body: Value| {
        body["collection"] = json!("docs");
        json_of(send(&gateway, &body).await).await
    };
    for mode in ["text", "hybrid", "vector"] {
        for query in ["-money", "\u{2013}money -\"the bees\""] {
            let answer = ask(json!({ "query": query, "mode": mode })).await;
            assert_eq!(answer["data"], json!([]), "{mode}: {answer}");
            assert!(answer["notes"][0].as_str().unwrap().contains("only says what must not occur"), "{answer}");
        }
    }
    let answer = ask(json!({ "query": "money", "filter": { "sources": ["zzz"] } })).await;
    let told = "filter.sources: no document of the collections has the source \"zzz\"";
    assert_eq!((&answer["data"], &answer["notes"][0]), (&json!([]), &json!(told)), "{answer}");
    let answer = ask(json!({ "query": "money", "filter": { "sources": ["./bees"] } })).await;
    assert_eq!(sources(&answer), ["bees"], "{answer}");
}

#[tokio::test]
async fn a_filter_of_the_wrong_type_is_told_with_what_to_write() {
    let (gateway, model) = start(true).await;
    let document = Doc {
        metadata: json!({ "price": 9.5, "ok": true, "code": "12" }),
        ..Doc::new(&model, "wax", "money for wax", &[1.0, 0.0, 0.0])
    };
    gateway.store.document(&document).await;
    let ask = async |filter: Value| {
        let body = json!({ "query": "money", "collection": "docs", "filter": { "metadata": filter } });
        json_of(send(&gateway, &body).await).await
    };
    for (filter, told) in [
        (
            json!({ "price": { "$lte": "9.5" } }),
            "filter.metadata.price: \"9.5\" is a text, and the documents have a number there: write 9.5",
        ),
        (json!({ "ok": "true" }), "the documents have true or false there: write true"),
        (json!({ "code": 12 }), "the documents have a text there: write \"12\""),
        (json!({ "prise": 9.5 }), "filter.metadata.prise: no document has this field"),
        (json!({ "ok": { "$ne": "true" } }), "filter.metadata.ok: \"true\" is a text"),
    ] {
        let found = ask(filter).await;
        let notes = found["notes"].to_string().replace("\\\"", "\"");
        assert!(notes.contains(told), "{told}: {found}");
    }
    for filter in [json!({ "price": 9.5 }), json!({ "price": { "$gt": 100 } }), json!({ "ok": { "$exists": false } })] {
        assert!(ask(filter.clone()).await.get("notes").is_none(), "{filter}");
    }
    let body = json!({ "query": "x", "collection": "docs", "filter": { "metadata": { "price": { ">": 5 } } } });
    assert_eq!(refused(send(&gateway, &body).await, 400).await.0, "filter.metadata.price");
}

#[tokio::test]
async fn a_query_longer_than_the_model_reads_is_shortened_and_a_model_that_was_exchanged_is_told() {
    let (gateway, _) = start(true).await;
    let ask = async |text: &str| send(&gateway, &json!({ "query": text, "collection": "docs" })).await;
    let answer = json_of(ask("fail context_length_exceeded").await).await;
    assert!(answer["notes"][0].as_str().unwrap().contains("only its end was searched"), "{answer}");
    assert_eq!(refused(ask("short").await, 503).await.1, "model_changed");
}

#[tokio::test]
async fn collections_of_two_models_need_words() {
    let (gateway, _) = start(true).await;
    let model = gateway.store.model("another", 4).await;
    gateway.store.collection(&tenant("acme"), "more", Some(&model)).await;
    let body = json!({ "vector": [1, 0, 0], "collections": ["docs", "more"] });
    assert_eq!(refused(send(&gateway, &body).await, 400).await, ("vector".to_owned(), "models_differ".to_owned()));
    let body = json!({ "query": "winter", "collections": ["docs", "more"], "mode": "text" });
    assert_eq!(sources(&json_of(send(&gateway, &body).await).await), ["bees"]);
}

fn with(change: Value) -> Value {
    let mut body = json!({ "query": "x", "collection": "docs" });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_wrong_request_is_a_400_that_names_the_field() {
    let (gateway, _) = start(true).await;
    let nested = (0..40).fold(json!("\u{0}"), |inner, _| json!([inner]));
    for (body, param, code) in [
        (json!({}), "collection", "invalid_request"),
        (json!({ "collection": "docs" }), "query", "invalid_request"),
        (json!({ "query": "x" }), "collection", "invalid_request"),
        (with(json!({ "query": "" })), "query", "invalid_request"),
        (with(json!({ "query": " \n\t" })), "query", "invalid_request"),
        (with(json!({ "query": "a\u{0}" })), "query", "invalid_request"),
        (with(json!({ "query": "a".repeat(20_000) })), "query", "invalid_request"),
        (with(json!({ "query": 7 })), "query", "invalid_request"),
        (with(json!({ "vector": [1.0, 2.0] })), "vector", "wrong_dimensions"),
        (with(json!({ "vector": [] })), "vector", "invalid_request"),
        (with(json!({ "vector": [0, 0, 0] })), "vector", "invalid_request"),
        (with(json!({ "vector": [1, 1e39, 0] })), "vector[1]", "invalid_request"),
        (with(json!({ "vector": [1, null, 0] })), "vector[1]", "invalid_request"),
        (with(json!({ "vector": ["NaN", 0, 0] })), "vector[0]", "invalid_request"),
        (with(json!({ "vector": "AAAA" })), "vector", "invalid_request"),
        (json!({ "vector": [1, 0, 0], "collection": "docs", "mode": "text" }), "query", "invalid_request"),
        (json!({ "vector": [1, 0, 0], "collection": "docs", "mode": "hybrid" }), "query", "invalid_request"),
        (with(json!({ "collections": ["docs"] })), "collections", "invalid_request"),
        (json!({ "query": "x", "collections": [] }), "collections", "invalid_request"),
        (json!({ "query": "x", "collections": vec!["docs"; 33] }), "collections", "invalid_request"),
        (with(json!({ "collection": "" })), "collection", "invalid_request"),
        (with(json!({ "collection": "Docs" })), "collection", "invalid_request"),
        (with(json!({ "collection": "a\u{0}" })), "collection", "invalid_request"),
        (with(json!({ "mode": "magic" })), "mode", "invalid_request"),
        (with(json!({ "top_k": 0 })), "top_k", "invalid_request"),
        (with(json!({ "top_k": 101 })), "top_k", "invalid_request"),
        (with(json!({ "top_k": -1 })), "top_k", "invalid_request"),
        (with(json!({ "top_k": "many" })), "top_k", "invalid_request"),
        (with(json!({ "filter": { "colour": "red" } })), "filter.colour", "invalid_request"),
        (with(json!({ "filter": { "sources": [""] } })), "filter.sources[0]", "invalid_request"),
        (with(json!({ "filter": { "sources": vec!["x"; 101] } })), "filter.sources", "invalid_request"),
        (with(json!({ "filter": { "metadata": [1] } })), "filter.metadata", "invalid_request"),
        (with(json!({ "filter": { "metadata": { "a": nested } } })), "filter.metadata", "invalid_request"),
        (with(json!({ "filter": { "metadata": { "a": "x".repeat(20_000) } } })), "filter.metadata", "invalid_request"),
        (with(json!({ "filter": { "published_after": "yesterday" } })), "filter.published_after", "invalid_request"),
        (
            with(
                json!({ "filter": { "published_after": "2026-01-02T00:00:00Z", "published_before": "2026-01-01T00:00:00Z" } }),
            ),
            "filter.published_before",
            "invalid_request",
        ),
        (json!("x"), "body", "invalid_json"),
    ] {
        let shown: String = body.to_string().chars().take(100).collect();
        let found = refused(send(&gateway, &body).await, 400).await;
        assert_eq!(found, (param.to_owned(), code.to_owned()), "{shown}");
    }
    let both = send(&gateway, &with(json!({ "vector": [1.0, 2.0] }))).await.json::<Value>().await.unwrap();
    let message = both["error"]["message"].as_str().unwrap();
    assert!(message.contains('2') && message.contains('3'), "both numbers: {message}");
    let response = gateway
        .request(Method::POST, SEARCH)
        .header("content-type", "application/json")
        .body(r#"{"query":"x","collection":"docs","vector":[NaN]}"#);
    assert_eq!(refused(response.send().await.unwrap(), 400).await.0, "body", "JSON has no such number");
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503_and_without_a_key_it_is_a_401() {
    let (gateway, _) = start(true).await;
    let body = json!({ "query": "money", "collection": "docs" });
    // The key is cached by then.
    json_of(send(&gateway, &body).await).await;
    gateway.store.fail(true);
    assert_eq!(refused(send(&gateway, &body).await, 503).await.1, "store_unavailable");
    let bare = gateway.client.post(format!("{}{SEARCH}", gateway.url)).json(&body).send().await.unwrap();
    assert_eq!(refused(bare, 401).await.1, "invalid_api_key");
}

#[tokio::test]
async fn the_wait_for_an_embedding_has_an_end() {
    let gateway = without_worker(|app: &mut App| app.settings.wait_seconds = 1).await;
    let model = gateway.store.model(MODEL, 3).await;
    gateway.store.collection(&tenant("acme"), "docs", Some(&model)).await;
    // Registered, but it answers nothing.
    let registered = WorkerRegistration { kind: Embed::KIND, models: vec![MODEL.to_owned()], ..registration() };
    gateway.bus.register(&registered).await.unwrap();
    let response = send(&gateway, &json!({ "query": "money", "collection": "docs" })).await;
    assert_eq!(refused(response, 504).await.1, "wait_exceeded");
}

#[tokio::test]
async fn a_hybrid_search_does_not_wait_for_a_model_that_is_silent() {
    let (gateway, _) = start(true).await;
    let found = json_of(send(&gateway, &json!({"collections": ["docs"], "query": "money silence"})).await).await;
    assert_eq!((&found["mode"], sources(&found)), (&json!("text"), vec!["money"]), "{found}");
    assert!(found["notes"][0].as_str().unwrap().contains("did not answer within"), "{found}");
}
