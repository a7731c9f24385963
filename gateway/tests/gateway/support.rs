//! A gateway on a free port, with a bus and a store in memory, and a worker that does what a chat's text says.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use eventsource_stream::Eventsource;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream::BoxStream,
};
use reqwest::{Client, Method, RequestBuilder, Response};
use ruche_bus::{Bus, Delivery, WorkerRegistration, WorkerState, memory};
use ruche_gateway::{app::parts::App, http::lifecycle::Lifecycle};
use ruche_schemas::{
    Envelope, EventType, Failure, Job as _, JobId, JobRef, Kind, Record, TenantId, clock,
    config::{Config, Gateway},
    kinds::{
        self, Descriptor,
        chat::{Answer, Chat, Citation, Delta, FinishReason, Grounding, Usage},
    },
};
use ruche_store::keys::{self, Keys as _, Role};
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "test-model";

pub(crate) struct Fixture {
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) stranger: String,
    pub(crate) admin: String,
    pub(crate) bus: Arc<memory::Memory>,
    pub(crate) store: Arc<ruche_store::memory::Memory>,
    pub(crate) client: Client,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) served: Shared<BoxFuture<'static, ()>>,
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// With a worker.
pub(crate) async fn start() -> Fixture {
    let fixture = without_worker(|_| {}).await;
    fixture.work().await;
    fixture
}

/// Jobs stay in the queue.
pub(crate) async fn without_worker(change: impl FnOnce(&mut App)) -> Fixture {
    with_kinds(kinds::all(), change).await
}

/// Jobs of these kinds, which stay in the queue.
pub(crate) async fn with_kinds(known: Vec<Descriptor>, change: impl FnOnce(&mut App)) -> Fixture {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kinds: Vec<_> = known.iter().map(|descriptor| descriptor.kind.clone()).collect();
    let bus = Arc::new(memory::Memory::new(&kinds, 100, Duration::from_secs(30)));
    let store = Arc::new(ruche_store::memory::Memory::default());
    let (key, stranger, admin) = (keys::generate(), keys::generate(), keys::generate());
    for (name, key, role) in
        [("acme", &key, Role::Member), ("other", &stranger, Role::Member), ("ops", &admin, Role::Admin)]
    {
        store.create_key(&tenant(name), "test", role, keys::ApiKey::parse(key).unwrap()).await.unwrap();
    }
    let mut app = App::new(settings(), bus.clone() as Arc<dyn Bus>, store.clone(), known);
    change(&mut app);
    let server = app.bind().await.unwrap();
    let (url, lifecycle) = (format!("http://{}", server.address().unwrap()), server.lifecycle());
    let served = tokio::spawn(async move { server.run().await.unwrap() });
    let served = async move { served.await.unwrap() }.boxed().shared();
    Fixture { url, key, stranger, admin, bus, store, client: Client::new(), lifecycle, served }
}

pub(crate) fn settings() -> Gateway {
    let defaults = Config::from_layers(None, Some(HashMap::new())).unwrap().gateway;
    Gateway { port: 0, drain_seconds: 5, ..defaults }
}

pub(crate) async fn lines_of(response: Response) -> Vec<Value> {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    response.text().await.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Fixture {
    pub(crate) async fn lines(&self, query: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.request(Method::POST, &format!("/v1/jobs{query}"));
        request.header("content-type", "application/x-ndjson").body(body).send().await.unwrap()
    }

    pub(crate) async fn work(&self) {
        let bus = self.bus.clone() as Arc<dyn Bus>;
        bus.register(&registration()).await.unwrap();
        tokio::spawn(work(bus));
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) fn as_key(&self, key: &str, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(key)
    }

    /// Asserts success.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        json_of(self.request(Method::POST, path).json(body).send().await.unwrap()).await
    }

    /// Asserts success.
    pub(crate) async fn read(&self, path: &str) -> Value {
        json_of(self.get(path).send().await.unwrap()).await
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn chat(&self, text: &str, rest: Value) -> RequestBuilder {
        let mut body = json!({ "messages": [{ "role": "user", "content": text }] });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        self.request(Method::POST, "/v1/chat/completions").json(&body)
    }

    /// Returns the job's id.
    pub(crate) async fn submit(&self, text: &str) -> String {
        let body = json!({ "messages": [{ "role": "user", "content": text }] });
        let answer = self.request(Method::POST, "/v1/jobs/chat").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn waiting(&self) -> u64 {
        self.bus.depth().await.unwrap().iter().map(|depth| depth.waiting + depth.in_flight).sum()
    }

    pub(crate) async fn stopped(&self) {
        self.served.clone().await;
    }

    pub(crate) async fn open_sockets(&self) -> u64 {
        let text = self.get("/metrics").send().await.unwrap().text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with("ruche_gateway_sockets ")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn reference(job: &str) -> JobRef {
        JobRef { tenant: tenant("acme"), id: job.parse().unwrap() }
    }

    pub(crate) async fn cancel(&self, job: &str) {
        self.bus.cancel(&Self::reference(job)).await.unwrap();
    }

    pub(crate) async fn is_cancelled(&self, job: &str) -> bool {
        self.bus.is_cancelled(&Self::reference(job)).await.unwrap()
    }

    /// Waits for the job's last event.
    pub(crate) async fn ended(&self, job: &str) -> Record {
        let events = self.bus.watch(&Self::reference(job), 1).await.unwrap();
        let all = tokio::time::timeout(Duration::from_secs(120), events.collect::<Vec<_>>()).await;
        all.unwrap_or_else(|_| panic!("job {job} never ended")).pop().unwrap().unwrap()
    }

    pub(crate) async fn events(&self, job: &str) -> Vec<Value> {
        self.ended(job).await;
        self.bus
            .replay(&Self::reference(job))
            .await
            .unwrap()
            .iter()
            .map(|record| serde_json::to_value(record).unwrap())
            .collect()
    }
}

/// Asserts success.
pub(crate) async fn json_of(response: Response) -> Value {
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn chat_body(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

pub(crate) fn registration() -> WorkerRegistration {
    WorkerRegistration {
        kind: Chat::KIND,
        worker: "test-1".into(),
        host: "test".into(),
        labels: BTreeMap::new(),
        gpu: None,
        models: vec![MODEL.to_owned()],
        pool: None,
        slots: 8,
        in_flight: 3,
        ended: std::collections::BTreeMap::new(),
        reconcilers: Vec::new(),
        state: WorkerState::Running,
        version: "0".into(),
        since: clock::now(),
    }
}

/// The bound only ends a test that would never end.
pub(crate) async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(1));
    let waiting = async {
        while !is().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

async fn work(bus: Arc<dyn Bus>) {
    let mut deliveries = bus.consume(&Chat::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(16).unwrap()).await {
            tokio::spawn(run(bus.clone(), delivery));
        }
    }
}

pub(crate) struct Log {
    bus: Arc<dyn Bus>,
    kind: Kind,
    job: JobRef,
    last: (u64, u64),
}

impl Log {
    pub(crate) async fn open(bus: Arc<dyn Bus>, kind: Kind, job: JobRef) -> Self {
        let last = bus.last(&job).await.unwrap().map_or((0, 0), |last| (last.sequence, last.record.n));
        Self { bus, kind, job, last }
    }

    pub(crate) async fn append(&mut self, event: EventType, data: Value) {
        loop {
            let (sequence, n) = self.last;
            let record = Record {
                n: n + 1,
                event,
                kind: self.kind.clone(),
                attempt: 1,
                at: clock::now(),
                data: data.clone(),
                claim: None,
            };
            if let Ok(sequence) = self.bus.append(&self.job, sequence, &record).await {
                self.last = (sequence, n + 1);
                return;
            }
            // The gateway's `accepted` came between.
            let last = self.bus.last(&self.job).await.unwrap().unwrap();
            self.last = (last.sequence, last.record.n);
        }
    }

    async fn say(&mut self, text: &str, messages_left_out: u32) {
        let delta = Delta { text: text.into(), tokens: vec![1], messages_left_out };
        self.append(EventType::Delta, serde_json::to_value(delta).unwrap()).await;
    }

    /// Waits for a cancellation, which may be in the past.
    async fn cancelled(&mut self) {
        let mut cancellations = self.bus.cancellations().await.unwrap();
        if !self.bus.is_cancelled(&self.job).await.unwrap() {
            while cancellations.next().await.is_some_and(|job| job != self.job) {}
        }
        self.append(EventType::Cancelled, Value::Null).await;
    }
}

/// The text of a chat is what the worker does: `say a b c`, `fail <code>`, `say-fail a b`, `hold` (says one word and
/// waits to be cancelled), `silent` (says nothing and waits to be cancelled), `flood <n>` (n pieces of 64 KiB),
/// `show` (says the job's body as JSON), `cite <n>` (says that, and cites the passage of that number).
async fn run(bus: Arc<dyn Bus>, delivery: Delivery) {
    let envelope: Envelope<Chat> = serde_json::from_slice(&delivery.payload).unwrap();
    let mut log = Log::open(bus, Chat::KIND, delivery.job.clone()).await;
    log.append(EventType::Started, json!({ "worker": "test-1" })).await;
    let text = envelope.body.messages.last().unwrap().content.clone();
    let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let words: Vec<String> = match verb {
        "flood" => vec!["x".repeat(64 * 1024); rest.parse().unwrap()],
        "hold" => vec!["held".into()],
        "fail" | "silent" => Vec::new(),
        "show" => vec![serde_json::to_string(&envelope.body).unwrap()],
        "cite" => vec![format!("So it is. [{rest}]")],
        _ => rest.split_inclusive(' ').map(str::to_owned).collect(),
    };
    let messages_left_out = envelope.body.messages_left_out;
    for word in &words {
        log.say(word, messages_left_out).await;
    }
    match verb {
        "hold" | "silent" => log.cancelled().await,
        "fail" | "say-fail" => {
            let code = if verb == "fail" { rest } else { "attempts_exhausted" };
            let failure = Failure::new(code, "it went wrong").with_param("messages");
            log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
        }
        _ => {
            let text = if verb == "flood" { String::new() } else { words.concat() };
            let completion_tokens = u32::try_from(words.len()).unwrap();
            let usage = Usage { prompt_tokens: 5, completion_tokens, messages_left_out };
            let (finish_reason, conversation) = (FinishReason::Stop, envelope.body.conversation);
            let grounding = envelope.body.grounding.filter(Grounding::cites);
            let citations = grounding.map(|grounding| match verb {
                "cite" => vec![Citation::of(
                    rest.parse().unwrap(),
                    &grounding.passages[rest.parse::<usize>().unwrap() - 1],
                    "So it is.".into(),
                )],
                _ => Vec::new(),
            });
            let answer = Answer { text, finish_reason, model: MODEL.into(), usage, conversation, citations };
            log.append(EventType::Done, serde_json::to_value(answer).unwrap()).await;
        }
    }
    delivery.done().await.unwrap();
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sse {
    pub(crate) id: Option<u64>,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Sse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("{:?}", self.data))
    }
}

pub(crate) struct SseReader {
    events: BoxStream<'static, Sse>,
}

impl SseReader {
    pub(crate) fn new(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        // Until the connection ends or breaks.
        let events = response.bytes_stream().eventsource().scan((), |(), event| std::future::ready(event.ok()));
        let events = events.map(|event| Sse { id: event.id.parse().ok(), event: event.event, data: event.data });
        Self { events: events.boxed() }
    }

    pub(crate) async fn next(&mut self) -> Option<Sse> {
        self.events.next().await
    }

    pub(crate) async fn all(self) -> Vec<Sse> {
        self.events.collect().await
    }
}

/// Asserts the shape of an error; returns its `param` and `code`.
pub(crate) async fn refused(response: Response, status: u16) -> (String, String) {
    let (found, kind) = (response.status(), response.headers()["content-type"].to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    assert_eq!(found.as_u16(), status, "{text}");
    assert_eq!(kind, "application/json");
    let body: Value = serde_json::from_str(&text).unwrap();
    let error = body["error"].as_object().unwrap();
    let mut names: Vec<&str> = error.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "message", "param", "type"]);
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    let text = |name: &str| error[name].as_str().unwrap_or("").to_owned();
    (text("param"), text("code"))
}

pub(crate) fn job_of(answer: &Value) -> String {
    let id = answer["id"].as_str().unwrap().strip_prefix("chatcmpl-").unwrap();
    id.parse::<JobId>().unwrap().to_string()
}
