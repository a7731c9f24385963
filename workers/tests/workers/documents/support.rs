//! A worker for documents, with a bus, a ledger and a model in memory.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use futures::StreamExt;
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, Headers, Message, memory::Memory};
use ruche_schemas::{
    Envelope, EventType, Failure, Job as _, JobId, JobRef, Lane, Record, TenantId,
    claim::{CLAIM_BYTES, Part},
    clock,
    event::{Outcome, Steps},
    kinds::embed::{Document, Embed, Indexed, Output},
};
use ruche_store::{
    documents::Indexing,
    ledger::Ledger,
    memory::Memory as MemoryLedger,
    models::ModelVersion,
    objects::{self, Claims},
};
use ruche_workers::{
    inference::encoder::{
        Encoder, Metrics as EncoderMetrics, Prefixes,
        port::{BatchError, Body, LoadError, Loader, Model, ModelInfo, Tokenizer},
    },
    kinds::embed::{EmbedHandler, Extractor, ExtractorOptions, Indexer},
    registry::handler,
    runtime::{self, Metrics, Options, Parts, Shutdown},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
    time::timeout,
};

/// The timeout of each wait, so that no test hangs.
const TIMEOUT: Duration = Duration::from_secs(60);
const ACK_WAIT: Duration = Duration::from_secs(2);

pub fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

pub fn model(name: &str) -> ModelVersion {
    ModelVersion { name: name.to_owned(), version: "1".to_owned(), dimensions: 3 }
}

pub fn document(source: &str, text: &str) -> Document {
    let (collection, source, text) = ("handbook".to_owned(), source.to_owned(), Some(text.to_owned()));
    Document { collection, source, text, ..Document::default() }
}

#[derive(Default)]
struct Script {
    asked: Mutex<Vec<String>>,
    paused: Mutex<bool>,
    released: Condvar,
}

/// A system with a model of one token per character and a context of 100.
pub struct Place {
    bus: Arc<Memory>,
    pub ledger: Arc<MemoryLedger>,
    claims: Claims,
    script: Arc<Script>,
    last: Mutex<Option<JobRef>>,
}

impl Place {
    /// Starts a worker as well.
    pub async fn start() -> Self {
        let place = Self::without_worker().await;
        // The worker runs until the test process exits.
        std::mem::forget(place.work());
        place
    }

    pub async fn without_worker() -> Self {
        let bus = Arc::new(Memory::new(&[Embed::KIND], 10_000, ACK_WAIT));
        let claims = Claims::new(Arc::new(objects::memory::Memory::default()), 64 << 20);
        let (ledger, script, last) = (Arc::new(MemoryLedger::new()), Arc::default(), Mutex::default());
        Self { bus, ledger, claims, script, last }
    }

    /// The worker stops when its runtime is dropped.
    pub fn work(&self) -> Runtime {
        self.work_with("counter", None)
    }

    fn indexer(&self, name: &str) -> Indexer {
        let loader = Box::new(Counter(Arc::clone(&self.script), name.to_owned()));
        let encoder = Encoder::start(loader, name.to_owned(), (400, 64), EncoderMetrics::default()).unwrap();
        let reading = ExtractorOptions {
            children: 4,
            program: env!("CARGO_BIN_EXE_ruche-worker").into(),
            memory: 1 << 30,
            deadline: Duration::from_secs(30),
        };
        Indexer {
            encoder,
            prefix: String::new(),
            model: model(name),
            documents: self.ledger.clone(),
            extractor: Extractor::new(reading),
            chunks: (0, 0),
            permits: Arc::new(Semaphore::new(2)),
        }
    }

    pub fn work_with(&self, first: &str, next: Option<&str>) -> Runtime {
        let alone = EmbedHandler::new(Prefixes::default(), self.indexer(first));
        let with_next = match next {
            Some(next) => alone.beside(Prefixes::default(), self.indexer(next)),
            None => alone,
        };
        let own = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let parts = Parts {
            bus: self.bus.clone(),
            ledger: self.ledger.clone(),
            claims: self.claims.clone(),
            handler: handler(with_next),
            metrics: Metrics::register(&mut Registry::default()),
            clock: Arc::new(clock::System),
            heartbeats: own.handle().clone(),
            versions: runtime::versions(&ruche_schemas::kinds::all()),
        };
        let slots = NonZeroUsize::new(8).unwrap();
        let options = Options { slots, ack_wait: ACK_WAIT, ..Options::default() };
        own.spawn(runtime::run(parts, options, Shutdown::default()));
        own
    }

    pub async fn submit(&self, body: Embed) -> JobRef {
        self.submit_as(body, false, 0).await
    }

    /// Submits as a gateway does; `seconds` from now is the time of acceptance.
    pub async fn submit_as(&self, body: Embed, ephemeral: bool, seconds: i64) -> JobRef {
        let (id, lane) = (JobId::generate(), if ephemeral { Lane::Interactive } else { Lane::Normal });
        let (job, at) = (JobRef { tenant: tenant(), id }, clock::now() + TimeDelta::seconds(seconds));
        let json = serde_json::to_vec(&body).unwrap();
        let mut envelope = Envelope::of(Embed::KIND, Embed::VERSION, id, tenant(), lane, at, serde_json::json!(body));
        if json.len() > CLAIM_BYTES {
            envelope.claim = Some(self.claims.put(&job, Part::Body, json.into()).await.unwrap());
            envelope.body = serde_json::Value::Null;
        }
        envelope.ephemeral = ephemeral;
        let payload = serde_json::to_vec(&envelope).unwrap().into();
        let (kind, headers, first_seq) = (Embed::KIND, Headers::new(), None);
        self.bus.publish(Message { job: job.clone(), kind, lane, payload, headers, first_seq }).await.unwrap();
        *self.last.lock().unwrap() = Some(job.clone());
        job
    }

    pub async fn event(&self, job: &JobRef, wanted: EventType) -> Record {
        let found = async {
            let mut events = self.bus.watch(job, 1).await.unwrap();
            while let Some(event) = events.next().await {
                let record = event.unwrap();
                if record.event == wanted {
                    return record;
                }
            }
            panic!("the log has no such event");
        };
        timeout(TIMEOUT, found).await.expect("it comes")
    }

    pub async fn end(&self, job: &JobRef) -> Record {
        let last = async {
            let mut events = self.bus.watch(job, 1).await.unwrap();
            while let Some(event) = events.next().await {
                let record = event.unwrap();
                if record.event.is_final() {
                    return record;
                }
            }
            panic!("the log has no end");
        };
        timeout(TIMEOUT, last).await.expect("it ends")
    }

    pub async fn progress(&self) -> Vec<(u64, u64)> {
        let job = self.last.lock().unwrap().clone().unwrap();
        let all = self.bus.replay(&job).await.unwrap();
        let steps = all.iter().filter(|record| record.event == EventType::Progress);
        let steps = steps.map(|record| record.parse::<Steps>().unwrap());
        steps.filter_map(|steps| Some((steps.done, steps.total?))).collect()
    }

    pub async fn output(&self, body: Embed) -> Indexed {
        let job = self.submit(body).await;
        self.output_of(&job).await
    }

    async fn output_of(&self, job: &JobRef) -> Indexed {
        let record = self.end(job).await;
        assert_eq!(record.event, EventType::Done, "{}", record.data);
        match record.parse().unwrap() {
            Output::Document(indexed) => indexed,
            Output::Vectors(other) => panic!("{other:?}"),
        }
    }

    pub async fn done(&self, document: &Document) -> Indexed {
        self.done_as_of(document, 0).await
    }

    pub async fn done_as_of(&self, document: &Document, seconds: i64) -> Indexed {
        let body = Embed { document: Some(document.clone()), ..Embed::default() };
        let job = self.submit_as(body, false, seconds).await;
        self.output_of(&job).await
    }

    pub async fn failed(&self, document: &Document) -> Failure {
        self.failure(Embed { document: Some(document.clone()), ..Embed::default() }).await
    }

    pub async fn failure(&self, body: Embed) -> Failure {
        self.failure_of(body, false).await
    }

    pub async fn failure_of(&self, body: Embed, ephemeral: bool) -> Failure {
        let job = self.submit_as(body, ephemeral, 0).await;
        let record = self.end(&job).await;
        assert_eq!(record.event, EventType::Failed, "{}", record.data);
        if !ephemeral {
            let stored = self.ledger.ended(&job).await.unwrap().unwrap();
            assert!(matches!(stored.outcome, Outcome::Failed(_)), "{stored:?}");
        }
        record.parse().unwrap()
    }

    pub fn indexed(&self, document: &Document) -> Option<Arc<Indexing>> {
        self.ledger.indexed(&tenant(), document.id(&tenant()))
    }

    /// Without the text of the encoder's self-test at start.
    pub fn embedded(&self) -> Vec<String> {
        let asked = self.script.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|text| *text != "Bees").cloned().collect()
    }

    pub fn forget_embedded(&self) {
        self.script.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Blocks batches, or releases them.
    pub fn pause(&self, paused: bool) {
        *self.script.paused.lock().unwrap_or_else(PoisonError::into_inner) = paused;
        self.script.released.notify_all();
    }

    /// Waits until the model gets a text of a job.
    pub async fn asked(&self) {
        let wait = async {
            while self.embedded().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(TIMEOUT, wait).await.expect("the model is asked");
    }
}

struct Counter(Arc<Script>, String);

impl Loader for Counter {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let facts = ModelInfo { context_tokens: 100, dimensions: 3, ..ModelInfo::default() };
        body(facts, Arc::new(Characters), &mut Counting(self.0, self.1));
        Ok(())
    }
}

/// One token per character, and a mark on each side.
struct Characters;

impl Tokenizer for Characters {
    fn tokenize(&self, text: &str) -> Vec<i32> {
        std::iter::once(0).chain(text.chars().map(|c| c as i32)).chain([0]).collect()
    }

    fn plain(&self, text: &str) -> Vec<i32> {
        text.chars().map(|c| c as i32).collect()
    }

    fn pair(&self, query: &[i32], text: &[i32]) -> Vec<i32> {
        [&[0], query, &[0], text, &[0]].concat()
    }
}

struct Counting(Arc<Script>, String);

impl Model for Counting {
    /// `!` fails the batch, as `~` does in the model `next`; `?` gives a vector of NaN.
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError> {
        let text = |tokens: &&[i32]| -> String {
            tokens.iter().filter(|c| **c != 0).filter_map(|c| char::from_u32(*c as u32)).collect()
        };
        let texts: Vec<String> = texts.iter().map(text).collect();
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).extend(texts.clone());
        let paused = self.0.paused.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.released.wait_while(paused, |paused| *paused).unwrap_or_else(PoisonError::into_inner));
        let fails = |text: &String| text.contains('!') || (text.contains('~') && self.1 == "next");
        if texts.iter().any(fails) {
            return Err(BatchError("as it was told".to_owned()));
        }
        let vector = |text: &String| match text.contains('?') {
            true => vec![f32::NAN; 3],
            false => vec![text.chars().count() as f32, text.chars().next().map_or(0.0, |c| c as u32 as f32), 1.0],
        };
        Ok(texts.iter().map(vector).collect())
    }
}
