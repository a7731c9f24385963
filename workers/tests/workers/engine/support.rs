//! A scripted model for the scheduler's tests: it repeats the last message, byte by byte.
//!
//! It detects a scheduler that mixes sequences up: the next token depends on all rows of a sequence, and a row at a
//! wrong position panics.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use ruche_schemas::kinds::chat::{Delta, FinishReason, Message, Role, Usage};
use ruche_workers::inference::engine::{
    Engine, EngineError, Generation, Request, StartError, Step,
    port::{Body, DecodeError, Decoder, LoadError, Loader, ModelInfo, Row, Vocabulary},
};
use tokio::task::JoinHandle;

use crate::until::until;

/// Bytes are tokens with their own value; these come after.
pub(crate) const USER: i32 = 256;
pub(crate) const ASSISTANT: i32 = 257;
pub(crate) const END: i32 = 258;
const VOCABULARY: usize = 259;

const TEMPLATE: &str = "{% for m in messages %}{{ '<user>' + m.content + '<end>' }}{% endfor %}<assistant>";

#[derive(Default)]
pub(crate) struct Script {
    pub(crate) batches: Mutex<Vec<Vec<Row>>>,
    /// Decodes that may still run; `None`: all may.
    pub(crate) permits: Mutex<Option<u64>>,
    pub(crate) permitted: Condvar,
    pub(crate) waits: AtomicBool,
    /// A batch with this token panics.
    pub(crate) panics: Option<i32>,
    /// A batch with this token fails with this error; a half-done error takes the batch's first half.
    pub(crate) fails: Option<(i32, DecodeError)>,
    /// The errors of the next batches, whatever their rows.
    pub(crate) fail_next: Mutex<Vec<DecodeError>>,
    /// The logits after this token are NaN.
    pub(crate) numbless: Option<i32>,
}

impl Script {
    /// Blocks the model until [`Script::allow`].
    pub(crate) fn paused() -> Self {
        Self { permits: Mutex::new(Some(0)), ..Self::default() }
    }

    pub(crate) fn allow(&self, decodes: u64) {
        if let Some(permits) = &mut *lock(&self.permits) {
            *permits += decodes;
        }
        self.permitted.notify_all();
    }

    pub(crate) fn release(&self) {
        *lock(&self.permits) = None;
        self.permitted.notify_all();
    }

    /// Whether a decode waits for [`Script::allow`].
    pub(crate) fn is_waiting(&self) -> bool {
        self.waits.load(SeqCst)
    }

    fn wait(&self) {
        let permits = lock(&self.permits);
        self.waits.store(*permits == Some(0), SeqCst);
        let mut permits = self.permitted.wait_while(permits, |p| *p == Some(0)).unwrap_or_else(PoisonError::into_inner);
        if let Some(permits) = &mut *permits {
            *permits -= 1;
        }
        self.waits.store(false, SeqCst);
    }

    /// For each batch: its rows per sequence, as `(sequence, rows)`.
    pub(crate) fn shapes(&self) -> Vec<Vec<(u32, usize)>> {
        let batches = lock(&self.batches);
        let shape = |batch: &Vec<Row>| {
            let groups = batch.chunk_by(|a, b| a.sequence == b.sequence);
            groups.map(|rows| (rows[0].sequence, rows.len())).collect()
        };
        batches.iter().map(shape).collect()
    }
}

/// Ignores poisoning: the test that panicked with the lock reports its own failure.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Echo {
    pub(crate) script: Arc<Script>,
    pub(crate) slots: u32,
    pub(crate) context: u32,
    pub(crate) template: Option<&'static str>,
}

impl Echo {
    pub(crate) fn start(script: &Arc<Script>, slots: u32, context: u32, prompt_chunk: u32) -> Engine {
        let echo = Self { script: Arc::clone(script), slots, context, template: Some(TEMPLATE) };
        echo.try_start(prompt_chunk).expect("an engine")
    }

    pub(crate) fn try_start(self, prompt_chunk: u32) -> Result<Engine, StartError> {
        let slots = self.slots;
        Engine::start(Box::new(self), "echo".to_owned(), slots, prompt_chunk)
    }
}

impl Loader for Echo {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let facts = ModelInfo {
            description: "repeats".to_owned(),
            parameters: 1,
            context_tokens: self.context,
            vocabulary: VOCABULARY,
            template: self.template.map(str::to_owned),
            ..ModelInfo::default()
        };
        let mut decoder = EchoDecoder {
            script: Arc::clone(&self.script),
            sequences: vec![Vec::new(); self.slots as usize],
            context: self.context,
            logits: Vec::new(),
        };
        let controls = ["<user>", "<assistant>", "<end>"].map(str::to_owned).to_vec();
        body(facts, Arc::new(EchoVocabulary(controls)), &mut decoder);
        Ok(())
    }
}

struct EchoVocabulary(Vec<String>);

impl Vocabulary for EchoVocabulary {
    fn tokenize(&self, text: &str, controls: bool) -> Vec<i32> {
        let mut tokens = Vec::new();
        let mut rest = text.as_bytes();
        while let Some(&byte) = rest.first() {
            let control = self.0.iter().position(|control| controls && rest.starts_with(control.as_bytes()));
            tokens.push(control.map_or(i32::from(byte), |at| USER + at as i32));
            rest = &rest[control.map_or(1, |at| self.0[at].len())..];
        }
        tokens
    }

    fn piece(&self, token: i32, into: &mut Vec<u8>) {
        into.extend(u8::try_from(token));
    }

    fn is_end(&self, token: i32) -> bool {
        token == END
    }

    fn begin(&self) -> Option<i32> {
        None
    }

    fn controls(&self) -> &[String] {
        &self.0
    }
}

struct EchoDecoder {
    script: Arc<Script>,
    sequences: Vec<Vec<i32>>,
    context: u32,
    logits: Vec<Vec<f32>>,
}

impl EchoDecoder {
    fn take(&mut self, rows: &[Row]) {
        for row in rows {
            let sequence = &mut self.sequences[row.sequence as usize];
            assert_eq!(sequence.len(), row.position as usize, "{row:?} doesn't follow what is there");
            assert!(row.position < self.context, "{row:?} is outside the context");
            sequence.push(row.token);
            self.logits.push(if row.logits { next(sequence, self.script.numbless) } else { Vec::new() });
        }
    }
}

/// The logits that repeat the last message.
fn next(sequence: &[i32], numbless: Option<i32>) -> Vec<f32> {
    if sequence.last().copied() == numbless {
        return vec![f32::NAN; VOCABULARY];
    }
    let last = |token: i32| sequence.iter().rposition(|&t| t == token).expect("a prompt");
    let message = &sequence[last(USER) + 1..last(END)];
    let emitted = sequence.len() - last(ASSISTANT) - 1;
    let mut logits = vec![0.0; VOCABULARY];
    logits[message.get(emitted).copied().unwrap_or(END) as usize] = 99.0;
    logits
}

impl Decoder for EchoDecoder {
    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError> {
        self.script.wait();
        assert!(rows.is_sorted_by_key(|row| row.sequence), "sequences ascend: {rows:?}");
        lock(&self.script.batches).push(rows.to_vec());
        self.logits.clear();
        let has = |token: i32| rows.iter().any(|row| row.token == token);
        assert!(!self.script.panics.is_some_and(has), "the model panics, as it was told");
        let mut failure = lock(&self.script.fail_next).pop();
        if let Some((_, error)) = self.script.fails.as_ref().filter(|(token, _)| has(*token)) {
            failure = Some(error.clone());
        }
        match failure {
            Some(error) => {
                if matches!(error, DecodeError::HalfDone(_)) {
                    self.take(&rows[..rows.len() / 2]);
                }
                Err(error)
            }
            None => {
                self.take(rows);
                Ok(())
            }
        }
    }

    fn logits(&self, row: usize) -> &[f32] {
        assert!(!self.logits[row].is_empty(), "no logits were asked for row {row}");
        &self.logits[row]
    }

    fn truncate(&mut self, sequence: u32, keep: u32) -> u32 {
        let sequence = &mut self.sequences[sequence as usize];
        sequence.truncate(keep as usize);
        sequence.len() as u32
    }
}

pub(crate) fn says(content: &str) -> Request {
    Request { messages: vec![Message { role: Role::User, content: content.to_owned() }], ..Request::default() }
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub(crate) deltas: Vec<Delta>,
    pub(crate) text: String,
    pub(crate) finish_reason: Option<FinishReason>,
    pub(crate) usage: Usage,
}

impl Heard {
    pub(crate) fn published(&self) -> String {
        self.deltas.iter().map(|delta| delta.text.as_str()).collect()
    }

    pub(crate) fn tokens(&self) -> Vec<i32> {
        self.deltas.iter().flat_map(|delta| delta.tokens.iter().copied()).collect()
    }
}

pub(crate) async fn hear(mut generation: Generation) -> Result<Heard, EngineError> {
    let mut heard = Heard::default();
    while let Some(step) = generation.next().await {
        match step? {
            Step::Delta(delta) => heard.deltas.push(delta),
            Step::End { finish_reason, usage, text } => {
                (heard.finish_reason, heard.usage, heard.text) = (Some(finish_reason), usage, text);
            }
        }
    }
    Ok(heard)
}

pub(crate) async fn ask(engine: &Engine, request: Request) -> Heard {
    hear(engine.generate(request).await.expect("a generation")).await.expect("an answer")
}

/// Queues these requests in this order, while a blocked model is at its first decode, which has the first request
/// alone.
pub(crate) async fn arrive(engine: &Engine, script: &Script, requests: Vec<Request>) -> Vec<JoinHandle<Heard>> {
    let mut tasks = Vec::new();
    for (number, request) in (0_u64..).zip(requests) {
        let engine_of_task = engine.clone();
        tasks.push(tokio::spawn(async move { ask(&engine_of_task, request).await }));
        until(|| script.is_waiting() && engine.metrics().snapshot().waiting == number).await;
    }
    tasks
}
