//! Migrates collections step by step, with a small worker.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use reqwest::{Method, Response};
use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_schemas::{
    Envelope, EventType, Failure, Job as _,
    kinds::embed::{Embed, Embedded, Indexed, to_bytes},
};
use ruche_store::{
    documents::{DocumentChunk, DocumentStore as _},
    jobs::EndedJob,
    memory::Memory,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    documents::{MODEL, a_document},
    stored::{a_job, now},
    support::{Fixture, Log, json_of, refused, registration, tenant, until, without_worker},
};

const NEW: &str = "new-embedder";
const PATH: &str = "/v1/collections/handbook/migrate";

struct Moving {
    gateway: Fixture,
    worker: Arc<Worker>,
}

struct Worker {
    bus: Arc<dyn Bus>,
    store: Arc<Memory>,
    /// How often each source was embedded anew.
    seen: Mutex<BTreeMap<String, u32>>,
    /// Whether documents wait.
    held: watch::Sender<bool>,
    /// Whether documents whose source begins with `bad` fail.
    failing: Mutex<bool>,
    /// The file version that it reports.
    version: Mutex<String>,
}

impl std::ops::Deref for Moving {
    type Target = Fixture;
    fn deref(&self) -> &Fixture {
        &self.gateway
    }
}

impl Moving {
    async fn start(sources: &[&str]) -> Self {
        let gateway = without_worker(|_| {}).await;
        let bus = gateway.bus.clone() as Arc<dyn Bus>;
        let models = vec![MODEL.to_owned(), NEW.to_owned()];
        bus.register(&WorkerRegistration { kind: Embed::KIND, models, ..registration() }).await.unwrap();
        let worker = Arc::new(Worker {
            bus,
            store: gateway.store.clone(),
            seen: Mutex::default(),
            held: watch::Sender::new(false),
            failing: Mutex::new(true),
            version: Mutex::new("1".to_owned()),
        });
        tokio::spawn(work(worker.clone()));
        let this = Self { gateway, worker };
        sources.iter().for_each(|source| this.add(source));
        this
    }

    /// Adds or changes a document by the old model.
    fn add(&self, source: &str) {
        let (document, chunks) = a_document("acme", "handbook", source, &["One.", "Two."]);
        self.store.put_indexed(&tenant("acme"), document, chunks);
    }

    async fn ask(&self, body: Value) -> Response {
        self.request(Method::POST, PATH).json(&body).send().await.unwrap()
    }

    async fn step(&self, retry: bool) -> Value {
        json_of(self.ask(json!({ "model": NEW, "retry": retry })).await).await
    }

    /// Takes steps while the state is `embedding` or `clearing`.
    async fn to_end(&self, retry: bool) -> Value {
        let mut view = self.step(retry).await;
        while view["state"] == "embedding" || view["state"] == "clearing" {
            tokio::task::yield_now().await;
            view = self.step(false).await;
        }
        view
    }

    async fn searched_with(&self) -> String {
        self.read("/v1/collections/handbook").await["model"].as_str().unwrap().to_owned()
    }

    async fn models_of(&self, source: &str) -> Vec<String> {
        let id = a_document("acme", "handbook", source, &[]).0.id;
        let (_, counts) = self.store.document(&tenant("acme"), id).await.unwrap().unwrap();
        counts.into_iter().map(|count| count.model).collect()
    }

    fn embedded(&self, source: &str) -> u32 {
        self.worker.seen.lock().unwrap().get(source).copied().unwrap_or(0)
    }
}

async fn work(worker: Arc<Worker>) {
    let mut deliveries = worker.bus.consume(&Embed::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(64).unwrap()).await {
            tokio::spawn(run(worker.clone(), delivery));
        }
    }
}

async fn run(worker: Arc<Worker>, delivery: Delivery) {
    let envelope: Envelope<Embed> = serde_json::from_slice(&delivery.payload).unwrap();
    let (model, version) = (envelope.body.model.clone().unwrap(), worker.version.lock().unwrap().clone());
    let mut log = Log::open(worker.bus.clone(), Embed::KIND, delivery.job.clone()).await;
    let Some(id) = envelope.body.stored else {
        let (version, vectors) = (Some(version), vec![to_bytes(&[1.0, 0.0])]);
        let embedded = Embedded { model, version, dimensions: 2, vectors, tokens: vec![1] };
        log.append(EventType::Done, json!(embedded)).await;
        return delivery.done().await.unwrap();
    };
    worker.held.subscribe().wait_for(|held| !held).await.unwrap();
    let of = &delivery.job.tenant;
    let (document, _) = worker.store.document(of, id).await.unwrap().unwrap();
    *worker.seen.lock().unwrap().entry(document.source.clone()).or_default() += 1;
    let (state, data) = match document.source.starts_with("bad") && *worker.failing.lock().unwrap() {
        true => (EventType::Failed, json!(Failure::new("no_vector", "it has no number"))),
        false => {
            worker.store.add_chunk(id, chunk(&model));
            let told = Indexed { document: id, model, version: Some(version), chunks: 1, ..Indexed::default() };
            (EventType::Done, json!(told))
        }
    };
    let job = EndedJob { job: delivery.job.clone(), kind: Embed::KIND, data: data.clone(), ..a_job(of, state, None) };
    worker.store.put_job(job);
    log.append(state, data).await;
    delivery.done().await.unwrap();
}

fn chunk(model: &str) -> DocumentChunk {
    let (text, model) = ("One.".to_owned(), model.to_owned());
    DocumentChunk { id: 0, position: 0, path: Vec::new(), text, tokens: 7, model }
}

#[tokio::test]
async fn a_collection_is_searched_with_the_old_model_until_all_is_there_and_no_job_is_sent_twice() {
    let sources: Vec<String> = (0..40).map(|n| format!("{n:02}.md")).collect();
    let moving = Moving::start(&sources.iter().map(String::as_str).collect::<Vec<_>>()).await;
    moving.worker.held.send_replace(true);
    for _ in 0..3 {
        let view = moving.step(true).await;
        let counts = ["documents", "done", "queued", "failed"].map(|name| view[name].as_u64().unwrap());
        assert_eq!((counts, &view["state"]), ([40, 0, 32, 0], &json!("embedding")), "{view}");
        assert_eq!((&view["model"], &view["next_model"]), (&json!(MODEL), &json!(NEW)));
    }
    assert_eq!(moving.read(PATH).await["queued"], 32, "looking sends nothing");
    assert_eq!(moving.searched_with().await, MODEL);
    moving.worker.held.send_replace(false);
    let view = moving.to_end(false).await;
    assert_eq!((&view["state"], &view["model"], &view["next_model"]), (&json!("done"), &json!(NEW), &Value::Null));
    assert_eq!((&view["documents"], &view["done"]), (&json!(40), &json!(40)));
    assert_eq!(moving.searched_with().await, NEW);
    for source in &sources {
        assert_eq!((moving.embedded(source), moving.models_of(source).await), (1, vec![NEW.to_owned()]), "{source}");
    }
    // A repetition does no harm.
    assert_eq!(moving.step(false).await["state"], "done");
    assert_eq!(moving.read(PATH).await["state"], "none");
}

#[tokio::test]
async fn documents_that_come_change_or_go_meanwhile_are_minded() {
    let moving = Moving::start(&["a", "b", "c"]).await;
    moving.step(false).await;
    until("all are embedded", async || moving.read(PATH).await["done"] == 3).await;
    let acme = tenant("acme");
    moving.add("d");
    for source in ["a", "c"] {
        let id = a_document("acme", "handbook", source, &[]).0.id;
        moving.store.delete_document(&acme, id, now()).await.unwrap();
    }
    // As if it were another text: another job has written it, by the old model.
    moving.add("a");
    let view = moving.step(false).await;
    assert_eq!(
        (&view["state"], &view["documents"], &view["done"]),
        (&json!("embedding"), &json!(3), &json!(1)),
        "{view}"
    );
    assert_eq!(moving.to_end(false).await["state"], "done");
    assert_eq!(["a", "b", "c", "d"].map(|source| moving.embedded(source)), [2, 1, 1, 1]);
}

#[tokio::test]
async fn a_document_that_fails_is_named_and_blocks_the_switch_until_it_is_repaired() {
    let moving = Moving::start(&["a", "bad.md", "c"]).await;
    let view = moving.to_end(true).await;
    assert_eq!((&view["state"], &view["failed"], &view["done"]), (&json!("blocked"), &json!(1), &json!(2)), "{view}");
    let failure = &view["failures"][0];
    assert_eq!((&failure["source"], &failure["error"]["code"]), (&json!("bad.md"), &json!("no_vector")));
    let job = moving.read(&format!("/v1/jobs/{}", failure["job"].as_str().unwrap())).await;
    assert_eq!(job["state"], "failed");
    assert_eq!(moving.read(PATH).await["state"], "blocked");
    assert_eq!((moving.searched_with().await.as_str(), moving.embedded("bad.md")), (MODEL, 1));
    // Another run tries it once more, and not again after that failure.
    assert_eq!(moving.to_end(true).await["state"], "blocked");
    assert_eq!(moving.embedded("bad.md"), 2);
    *moving.worker.failing.lock().unwrap() = false;
    assert_eq!(moving.to_end(true).await["state"], "done");
    assert_eq!((moving.embedded("bad.md"), moving.embedded("a")), (3, 1));
}

#[tokio::test]
async fn what_is_cancelled_stays_with_the_old_model_and_can_be_begun_anew() {
    let moving = Moving::start(&["a", "bad"]).await;
    assert_eq!(moving.to_end(false).await["state"], "blocked");
    assert_eq!(moving.models_of("a").await, [MODEL, NEW]);
    let cancelled = json_of(moving.request(Method::DELETE, PATH).send().await.unwrap()).await;
    assert_eq!((&cancelled["state"], &cancelled["model"]), (&json!("none"), &json!(MODEL)));
    assert_eq!(moving.models_of("a").await, [MODEL]);
    let again = moving.request(Method::DELETE, PATH).send().await.unwrap();
    assert_eq!(refused(again, 404).await.1, "no_migration");
    *moving.worker.failing.lock().unwrap() = false;
    assert_eq!(moving.to_end(true).await["state"], "done");
    assert_eq!((moving.embedded("a"), moving.embedded("bad")), (2, 2));
}

#[tokio::test]
async fn what_the_old_model_made_can_be_kept_for_the_way_back() {
    let moving = Moving::start(&["a"]).await;
    let ask = async |model: &str| json_of(moving.ask(json!({ "model": model, "keep_old": true })).await).await;
    while ask(NEW).await["state"] != "done" {}
    assert_eq!(moving.models_of("a").await, [MODEL, NEW]);
    // Only a switch.
    assert_eq!((&ask(MODEL).await["state"], moving.searched_with().await.as_str()), (&json!("done"), MODEL));
    assert_eq!(moving.embedded("a"), 1);
    let plain = json_of(moving.ask(json!({ "model": MODEL })).await).await;
    assert!(plain["state"] == "clearing" || plain["state"] == "done");
    until("it is cleared", async || moving.models_of("a").await == [MODEL]).await;
}

#[tokio::test]
async fn another_file_under_the_same_name_is_another_model() {
    let moving = Moving::start(&["a"]).await;
    moving.worker.held.send_replace(true);
    moving.step(false).await;
    *moving.worker.version.lock().unwrap() = "2".to_owned();
    // Its job is done by the other file, so the requested model is still missing.
    moving.worker.store.put_job(EndedJob {
        data: json!(Indexed { version: Some("2".to_owned()), ..Indexed::default() }),
        ..a_job(&tenant("acme"), EventType::Done, None)
    });
    let (param, code) = refused(moving.ask(json!({ "model": NEW })).await, 409).await;
    assert_eq!((param.as_str(), code.as_str()), ("model", "migration_under_way"));
    moving.worker.held.send_replace(false);
}

#[tokio::test]
async fn what_can_not_be_is_refused_by_name() {
    let moving = Moving::start(&["a", "bad"]).await;
    for (body, status, param, code) in [
        (json!({ "model": "none" }), 404, "model", "model_not_found"),
        (json!({ "model": "" }), 400, "model", "invalid_request"),
        (json!({ "model": "x\0" }), 400, "model", "invalid_request"),
        (json!({ "model": "x".repeat(300) }), 400, "model", "invalid_request"),
        (json!({}), 400, "model", ""),
    ] {
        let (found, what) = refused(moving.ask(body).await, status).await;
        assert_eq!(found, param);
        assert!(code.is_empty() || what == code, "{what}");
    }
    for (method, path) in [(Method::POST, PATH), (Method::GET, PATH), (Method::DELETE, PATH)] {
        let theirs = moving.as_key(&moving.stranger, method.clone(), path).json(&json!({ "model": NEW })).send();
        assert_eq!(refused(theirs.await.unwrap(), 404).await.1, "collection_not_found");
        let none = moving.request(method, "/v1/collections/none/migrate").json(&json!({ "model": NEW })).send();
        assert_eq!(refused(none.await.unwrap(), 404).await.1, "collection_not_found");
    }
    assert_eq!(moving.to_end(false).await["state"], "blocked");
    let (param, code) = refused(moving.ask(json!({ "model": MODEL })).await, 409).await;
    assert_eq!((param.as_str(), code.as_str()), ("model", "migration_under_way"));
    let alone = without_worker(|_| {}).await;
    let (document, chunks) = a_document("acme", "handbook", "a", &["One."]);
    alone.store.put_indexed(&tenant("acme"), document, chunks);
    let answer = alone.request(Method::POST, PATH).json(&json!({ "model": NEW })).send().await.unwrap();
    assert_eq!(refused(answer, 503).await.1, "model_unavailable");
}
