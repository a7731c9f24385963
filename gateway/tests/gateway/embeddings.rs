//! `POST /v1/embeddings`, with a small embed worker that keeps the protocol.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use reqwest::{Method, Response};
use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_gateway::app::parts::App;
use ruche_schemas::{
    Base64, Envelope, EventType, Failure, Job as _,
    kinds::embed::{Embed, Embedded, Purpose, fit_inline, from_bytes, to_bytes},
};
use serde_json::{Value, json};

use crate::support::{Fixture, Log, json_of, refused, registration, until, without_worker};

const EMBEDDINGS: &str = "/v1/embeddings";
const MODEL: &str = "test-embedder";

struct Embeddings {
    gateway: Fixture,
    seen: Arc<Mutex<Vec<Envelope<Embed>>>>,
}

impl std::ops::Deref for Embeddings {
    type Target = Fixture;
    fn deref(&self) -> &Fixture {
        &self.gateway
    }
}

impl Embeddings {
    /// With a worker whose vectors have this many numbers.
    async fn start(dimensions: u32) -> Self {
        let this = Self { gateway: without_worker(|_| {}).await, seen: Arc::default() };
        let bus = this.bus.clone() as Arc<dyn Bus>;
        let registered = WorkerRegistration { kind: Embed::KIND, models: vec![MODEL.to_owned()], ..registration() };
        bus.register(&registered).await.unwrap();
        tokio::spawn(work(bus, dimensions, this.seen.clone()));
        this
    }

    async fn send(&self, body: &Value) -> Response {
        self.request(Method::POST, EMBEDDINGS).json(body).send().await.unwrap()
    }

    /// The number of texts of each job, sorted: concurrent jobs come in any order.
    fn jobs(&self) -> Vec<usize> {
        let mut jobs: Vec<_> = self.seen.lock().unwrap().iter().map(|job| job.body.texts.len()).collect();
        jobs.sort_unstable();
        jobs
    }
}

async fn work(bus: Arc<dyn Bus>, dimensions: u32, seen: Arc<Mutex<Vec<Envelope<Embed>>>>) {
    let mut deliveries = bus.consume(&Embed::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(16).unwrap()).await {
            tokio::spawn(run(bus.clone(), delivery, dimensions, seen.clone()));
        }
    }
}

/// A vector begins with its text's number. `fail <code>` fails, `other` is embedded by another model, `hold` waits
/// until the job is cancelled.
async fn run(bus: Arc<dyn Bus>, delivery: Delivery, dimensions: u32, seen: Arc<Mutex<Vec<Envelope<Embed>>>>) {
    let envelope: Envelope<Embed> = serde_json::from_slice(&delivery.payload).unwrap();
    seen.lock().unwrap().push(envelope.clone());
    let mut log = Log::open(bus.clone(), Embed::KIND, delivery.job.clone()).await;
    let texts = &envelope.body.texts;
    if texts[0] == "hold" {
        let mut cancellations = bus.cancellations().await.unwrap();
        if !bus.is_cancelled(&delivery.job).await.unwrap() {
            while cancellations.next().await.is_some_and(|job| job != delivery.job) {}
        }
        log.append(EventType::Cancelled, Value::Null).await;
    } else if let Some(at) = texts.iter().position(|text| text.starts_with("fail ")) {
        let failure = Failure::new(&texts[at][5..], "it went wrong").with_param(format!("texts[{at}]"));
        log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
    } else {
        let dimensions = envelope.body.dimensions.unwrap_or(dimensions);
        let vector = |text: &String| {
            let mut vector = vec![0.0; dimensions as usize];
            vector[0] = text.parse().unwrap_or(0.0);
            to_bytes(&vector)
        };
        let fits = texts.len() <= fit_inline(dimensions);
        let vectors: Vec<Base64> = if fits { texts.iter().map(vector).collect() } else { Vec::new() };
        let model = if texts[0] == "other" { "other".to_owned() } else { MODEL.to_owned() };
        let embedded = Embedded { model, version: None, dimensions, tokens: vec![3; vectors.len()], vectors };
        log.append(EventType::Done, serde_json::to_value(embedded).unwrap()).await;
    }
    delivery.done().await.unwrap();
}

fn numbers(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

fn read(answer: &Value) -> Vec<f64> {
    answer["data"].as_array().unwrap().iter().map(|one| one["embedding"][0].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn a_text_has_a_vector_in_openais_words() {
    let gateway = Embeddings::start(4).await;
    let answer = json_of(gateway.send(&json!({ "input": "7", "model": MODEL, "user": "u" })).await).await;
    let expected = json!({
        "object": "list", "model": MODEL, "usage": { "prompt_tokens": 3, "total_tokens": 3 },
        "data": [{ "object": "embedding", "index": 0, "embedding": [7.0, 0.0, 0.0, 0.0] }],
    });
    assert_eq!(answer, expected);
    let body = json!({ "input": ["7", "8"], "encoding_format": "base64", "dimensions": 2, "purpose": "query" });
    let answer = json_of(gateway.send(&body).await).await;
    let vector: Base64 = serde_json::from_value(answer["data"][1]["embedding"].clone()).unwrap();
    assert_eq!(from_bytes(&vector), [8.0, 0.0]);
    let seen = gateway.seen.lock().unwrap().clone();
    assert!(seen.iter().all(|job| job.ephemeral && job.lane == ruche_schemas::Lane::Interactive));
    assert_eq!((seen[0].body.purpose, seen[1].body.purpose), (None, Some(Purpose::Query)));
    assert_eq!(seen[1].body.model.as_deref(), Some(MODEL), "the only one, and by name");
}

#[tokio::test]
async fn as_many_texts_as_openai_allows_come_back_in_their_order() {
    let gateway = Embeddings::start(8).await;
    let answer = json_of(gateway.send(&json!({ "input": numbers(0..2048) })).await).await;
    assert_eq!(read(&answer), (0..2048).map(f64::from).collect::<Vec<_>>());
    let indexes = answer["data"].as_array().unwrap().iter().map(|one| one["index"].as_u64().unwrap());
    assert!(indexes.eq(0..2048));
    assert_eq!(answer["usage"]["total_tokens"], 3 * 2048);
    assert_eq!(gateway.jobs(), [32; 64]);
}

#[tokio::test]
async fn vectors_too_large_for_an_event_come_in_smaller_jobs() {
    let gateway = Embeddings::start(4096).await;
    let fit = fit_inline(4096);
    let answer = json_of(gateway.send(&json!({ "input": numbers(0..40) })).await).await;
    assert_eq!(read(&answer), (0..40).map(f64::from).collect::<Vec<_>>());
    gateway.seen.lock().unwrap().clear();
    json_of(gateway.send(&json!({ "input": numbers(0..40) })).await).await;
    assert!(gateway.jobs().iter().all(|texts| *texts <= fit), "it is known by now: {:?}", gateway.jobs());
    let short = json!({ "input": numbers(0..40), "dimensions": 8 });
    gateway.seen.lock().unwrap().clear();
    json_of(gateway.send(&short).await).await;
    assert_eq!(gateway.jobs(), [8, 32], "short ones still go together");
}

#[tokio::test]
async fn a_text_that_fails_is_named_as_the_request_names_it() {
    let gateway = Embeddings::start(4).await;
    let mut input = numbers(0..40);
    input[35] = "fail context_length_exceeded".to_owned();
    let response = gateway.send(&json!({ "input": input })).await;
    assert_eq!(response.headers()["x-should-retry"], "false");
    assert_eq!(refused(response, 400).await, ("input[35]".into(), "context_length_exceeded".into()));
    let response = gateway.send(&json!({ "input": "fail context_length_exceeded" })).await;
    assert_eq!(refused(response, 400).await, ("input".into(), "context_length_exceeded".into()));
    let response = gateway.send(&json!({ "input": "fail no_vector" })).await;
    assert_eq!(refused(response, 500).await, ("input".into(), "no_vector".into()));
}

#[tokio::test]
async fn vectors_of_two_models_are_no_answer() {
    let gateway = Embeddings::start(4).await;
    let mut input = numbers(0..64);
    input[32] = "other".to_owned();
    assert_eq!(refused(gateway.send(&json!({ "input": input })).await, 503).await.1, "models_differ");
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_what_is_under_way() {
    let gateway = Embeddings::start(4).await;
    let mut cancellations = gateway.bus.cancellations().await.unwrap();
    let mut input = vec!["hold".to_owned(); 2048];
    input[0] = "1".to_owned();
    let request = gateway.request(Method::POST, EMBEDDINGS).json(&json!({ "input": input })).send();
    let waiting = tokio::spawn(request);
    // The first is done, the seven after it wait, and so does the next.
    until("eight jobs hold", async || gateway.jobs().len() == 9).await;
    waiting.abort();
    let mut cancelled = HashMap::new();
    while cancelled.len() < 8 {
        let job = cancellations.next().await.unwrap();
        cancelled.insert(job.id, ());
    }
    until("nothing waits", async || gateway.waiting().await == 0).await;
    assert_eq!(gateway.jobs().len(), 9, "and nothing new has begun");
}

#[tokio::test]
async fn a_wrong_request_is_a_400_that_names_the_field_and_nothing_is_published() {
    let gateway = without_worker(|_| {}).await;
    let send = async |body: Value| gateway.request(Method::POST, EMBEDDINGS).json(&body).send().await.unwrap();
    for (body, param, code) in [
        (json!({}), "input", "invalid_request"),
        (json!({ "input": "" }), "input", "invalid_request"),
        (json!({ "input": " \n\t" }), "input", "invalid_request"),
        (json!({ "input": [] }), "input", "invalid_request"),
        (json!({ "input": ["a", ""] }), "input[1]", "invalid_request"),
        (json!({ "input": ["a\u{0}"] }), "input[0]", "invalid_request"),
        (json!({ "input": vec!["x"; 2049] }), "input", "invalid_request"),
        (json!({ "input": "a".repeat(1_000_000) }), "input", "invalid_request"),
        (json!({ "input": [1, 2, 3] }), "input", "unsupported_parameter"),
        (json!({ "input": [[1, 2, 3]] }), "input", "unsupported_parameter"),
        (json!({ "input": 7 }), "input", "invalid_request"),
        (json!({ "input": ["a", true] }), "input[1]", "invalid_request"),
        (json!({ "input": "a", "dimensions": 0 }), "dimensions", "invalid_request"),
        (json!({ "input": "a", "dimensions": "many" }), "dimensions", "invalid_request"),
        (json!({ "input": "a", "dimensions": 100_000 }), "dimensions", "invalid_request"),
        (json!({ "input": "a", "model": "" }), "model", "invalid_request"),
        (json!({ "input": "a", "model": 7 }), "model", "invalid_request"),
        (json!({ "input": "a", "encoding_format": "int8" }), "encoding_format", "invalid_request"),
        (json!("a"), "body", "invalid_json"),
    ] {
        let shown: String = body.to_string().chars().take(80).collect();
        assert_eq!(refused(send(body).await, 400).await, (param.to_owned(), code.to_owned()), "{shown}");
    }
    let large = json!({ "input": vec!["x".repeat(100_000); 20] });
    assert_eq!(refused(send(large).await, 413).await.1, "payload_too_large");
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn an_unknown_model_is_a_404_and_the_known_one_is_listed() {
    let gateway = Embeddings::start(4).await;
    let response = gateway.send(&json!({ "input": "a", "model": "unheard-of" })).await;
    assert_eq!(refused(response, 404).await, ("model".into(), "model_not_found".into()));
    let models = gateway.read("/v1/models").await;
    assert_eq!(models["data"][0]["id"], MODEL, "{models}");
}

#[tokio::test]
async fn without_a_worker_it_is_a_504_and_its_jobs_are_cancelled() {
    let gateway = without_worker(|app: &mut App| app.settings.wait_seconds = 1).await;
    let mut cancellations = gateway.bus.cancellations().await.unwrap();
    let response = gateway.request(Method::POST, EMBEDDINGS).json(&json!({ "input": "a" })).send().await.unwrap();
    assert_eq!(response.headers()["x-should-retry"], "false");
    assert_eq!(refused(response, 504).await.1, "wait_exceeded");
    assert!(cancellations.next().await.is_some());
}

#[tokio::test]
async fn it_needs_a_key() {
    let gateway = without_worker(|_| {}).await;
    let response = gateway
        .client
        .post(format!("{}{EMBEDDINGS}", gateway.url))
        .json(&json!({ "input": "a" }))
        .send()
        .await
        .unwrap();
    assert_eq!(refused(response, 401).await.1, "invalid_api_key");
}
