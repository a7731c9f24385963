//! A model of a hundred lines for the scheduler's tests: it repeats the last message, byte by byte.
//!
//! Its memory is real enough to catch a scheduler that mixes sequences up: the next token depends on all that a
//! sequence holds, and rows that don't follow what is there stop the test.
#![allow(dead_code)]

use std::sync::{
    Arc, Condvar, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use ruche_schemas::jobs::chat::{Delta, FinishReason, Message, Role, Usage};
use ruche_workers::{
    engine::{Engine, EngineError, Generation, Request, StartError, Step},
    ports::engine::{Body, DecodeError, Decoder, Facts, LoadError, Loader, Row, Vocabulary},
};

/// Bytes are their own tokens; these come after.
pub const USER: i32 = 256;
pub const ASSISTANT: i32 = 257;
pub const END: i32 = 258;
const VOCABULARY: usize = 259;

const TEMPLATE: &str = "{% for m in messages %}{{ '<user>' + m.content + '<end>' }}{% endfor %}<assistant>";

/// What a test sees of the model, and does to it.
#[derive(Default)]
pub struct Script {
    /// Each batch so far.
    pub batches: Mutex<Vec<Vec<Row>>>,
    /// Decodes that may still happen; without, all may.
    permits: Mutex<Option<u64>>,
    permitted: Condvar,
    /// Whether a decode waits for its permit.
    waits: AtomicBool,
    /// A batch with this token panics.
    pub panics: Option<i32>,
    /// A batch with this token fails like this, having taken its first half where it is a half-done one.
    pub fails: Option<(i32, DecodeError)>,
    /// How many more batches fail like this, whatever they hold.
    pub fail_next: Mutex<Vec<DecodeError>>,
    /// Logits that are no numbers after this token.
    pub numbless: Option<i32>,
}

impl Script {
    /// Holds the model until [`Script::allow`].
    pub fn held() -> Self {
        Self { permits: Mutex::new(Some(0)), ..Self::default() }
    }

    /// Lets so many decodes happen.
    pub fn allow(&self, decodes: u64) {
        if let Some(permits) = &mut *self.permits.lock().unwrap() {
            *permits += decodes;
        }
        self.permitted.notify_all();
    }

    /// Lets all decodes happen.
    pub fn release(&self) {
        *self.permits.lock().unwrap() = None;
        self.permitted.notify_all();
    }

    /// Whether a decode waits for [`Script::allow`].
    pub fn is_waiting(&self) -> bool {
        self.waits.load(SeqCst)
    }

    fn wait(&self) {
        let lock = self.permits.lock().unwrap();
        self.waits.store(*lock == Some(0), SeqCst);
        let mut permits = self.permitted.wait_while(lock, |p| *p == Some(0)).unwrap();
        if let Some(permits) = &mut *permits {
            *permits -= 1;
        }
        self.waits.store(false, SeqCst);
    }

    /// For each batch: its rows per sequence, as `(sequence, rows)`.
    pub fn shapes(&self) -> Vec<Vec<(u32, usize)>> {
        let batches = self.batches.lock().unwrap();
        let shape = |batch: &Vec<Row>| {
            let groups = batch.chunk_by(|a, b| a.sequence == b.sequence);
            groups.map(|rows| (rows[0].sequence, rows.len())).collect()
        };
        batches.iter().map(shape).collect()
    }
}

pub struct Echo {
    pub script: Arc<Script>,
    pub slots: u32,
    pub context: u32,
    pub template: Option<&'static str>,
}

impl Echo {
    /// Starts an engine on it.
    pub fn start(script: &Arc<Script>, slots: u32, context: u32, prompt_chunk: u32) -> Engine {
        let echo = Self { script: Arc::clone(script), slots, context, template: Some(TEMPLATE) };
        echo.try_start(prompt_chunk).expect("an engine")
    }

    pub fn try_start(self, prompt_chunk: u32) -> Result<Engine, StartError> {
        let slots = self.slots;
        Engine::start_with(Box::new(self), "echo".to_owned(), slots, prompt_chunk)
    }
}

impl Loader for Echo {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let facts = Facts {
            description: "repeats".to_owned(),
            parameters: 1,
            context_tokens: self.context,
            vocabulary: VOCABULARY,
            template: self.template.map(str::to_owned),
            ..Facts::default()
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

/// The next token of a repetition of the last message.
fn next(sequence: &[i32], numbless: Option<i32>) -> Vec<f32> {
    if sequence.last().copied() == numbless {
        return vec![f32::NAN; VOCABULARY];
    }
    let last = |token: i32| sequence.iter().rposition(|&t| t == token).expect("a prompt");
    let message = &sequence[last(USER) + 1..last(END)];
    let said = sequence.len() - last(ASSISTANT) - 1;
    let mut logits = vec![0.0; VOCABULARY];
    logits[message.get(said).copied().unwrap_or(END) as usize] = 9.0;
    logits
}

impl Decoder for EchoDecoder {
    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError> {
        self.script.wait();
        assert!(rows.is_sorted_by_key(|row| row.sequence), "sequences ascend: {rows:?}");
        self.script.batches.lock().unwrap().push(rows.to_vec());
        self.logits.clear();
        let has = |token: i32| rows.iter().any(|row| row.token == token);
        assert!(!self.script.panics.is_some_and(has), "the model panics, as it was told");
        let mut failure = self.script.fail_next.lock().unwrap().pop();
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

pub fn says(content: &str) -> Request {
    Request { messages: vec![Message { role: Role::User, content: content.to_owned() }], ..Request::default() }
}

/// A whole answer.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    pub deltas: Vec<Delta>,
    pub text: String,
    pub finish_reason: Option<FinishReason>,
    pub usage: Usage,
}

impl Heard {
    pub fn published(&self) -> String {
        self.deltas.iter().map(|delta| delta.text.as_str()).collect()
    }

    pub fn tokens(&self) -> Vec<i32> {
        self.deltas.iter().flat_map(|delta| delta.tokens.iter().copied()).collect()
    }
}

/// Listens to the end.
pub async fn hear(mut generation: Generation) -> Result<Heard, EngineError> {
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

pub async fn ask(engine: &Engine, request: Request) -> Heard {
    hear(engine.generate(request).await.expect("a generation")).await.expect("an answer")
}

/// Waits until something holds that another thread brings about.
pub async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("it happens within 30 s");
}
