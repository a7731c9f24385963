//! The engine: one language model that answers many chats at once.
//!
//! [`Engine`] is a cheap handle. Behind it one thread owns the model and works in steps (continuous batching): each
//! decode reads one token for every answer that is being generated and some tokens of the prompts that wait, so a
//! new chat joins at the next step and nobody waits for anybody's end. A slow reader pauses its own answer only; a
//! reader that leaves frees its slot within one decode. An answer that another worker began goes on where it
//! stopped (`said`).
//!
//! - [`template`]: messages to tokens. - [`plan`]: what the next decode reads. - [`scheduler`]: the thread.
//! - [`slot`]: one sequence. - [`sampler`]: logits to a token. - [`text`]: tokens to text that may be published.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use ruche_schemas::kinds::chat::{Delta, FinishReason, Message, Sampling, Usage};
use tokio::sync::{mpsc, oneshot, watch};

use crate::inference::{
    engine::port::{Facts, Loader, Vocabulary},
    llama::Llama,
    waker::Switch,
};

mod error;
mod generation;
mod metrics;
mod plan;
pub mod port;
mod sampler;
mod scheduler;
mod slot;
mod template;
mod text;
mod thread;

pub use error::{EngineError, GenerateError, StartError};
pub use generation::Generation;
pub use metrics::{Metrics, Snapshot};

use sampler::Sampler;
use scheduler::Ticket;
use slot::{Outlet, Sequence};
use template::Template;
use text::Text;

/// Requests that may wait for a slot; more wait in [`Engine::generate`] itself.
const QUEUE: usize = 1024;
/// Steps that a reader may be behind before its sequence pauses.
const READ_AHEAD: usize = 64;

/// Idle sequences that a decode on a GPU reads along to stay in one pass; see [`Llama::bridge`].
const GPU_BRIDGE: u32 = 8;

/// How to run a model.
#[derive(Debug, Clone)]
pub struct Options {
    /// A GGUF file.
    pub model_path: PathBuf,
    /// The model's name in answers.
    pub model_name: String,
    /// Sequences at once: 1 to 256.
    pub slots: u32,
    /// Tokens of context per slot, prompt and answer together; 0 takes the model's own, at most 8192.
    pub context_tokens: u32,
    /// Prompt tokens per decode, all sequences together: 1 to 8192.
    pub prompt_chunk: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU; 0 is none.
    pub gpu_layers: u32,
}

/// A running model. Clones are handles of the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Engine {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    info: ModelInfo,
    template: Arc<Template>,
    vocabulary: Arc<dyn Vocabulary>,
    inbox: mpsc::Sender<Ticket>,
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
}

impl std::fmt::Debug for dyn Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vocabulary")
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.switch.turn_off();
    }
}

/// What the handle, the generations and the thread share.
#[derive(Debug, Default)]
struct Shared {
    /// The engine's thread's.
    switch: Switch,
    metrics: Metrics,
}

/// What is known of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name in answers.
    pub name: String,
    /// Tokens of context per slot.
    pub context_tokens: u32,
    /// Number of tokens in the vocabulary.
    pub vocabulary: usize,
    /// Kind and size, for people.
    pub description: String,
    /// Number of weights.
    pub parameters: u64,
    /// The GPU that it runs on, if any of it does.
    pub gpu: Option<String>,
}

/// A chat to answer.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The conversation, the oldest message first.
    pub messages: Vec<Message>,
    /// Tokens of the answer that an earlier attempt generated: read after the prompt, counted, not sent again.
    pub said: Vec<i32>,
    /// Bytes of text that the earlier attempt published for them; what it held back is sent now.
    pub said_text_len: usize,
    /// How the next token is chosen.
    pub sampling: Sampling,
    /// The answer ends before any of these strings.
    pub stop: Vec<String>,
    /// The most tokens of the answer, those said included; without it, as many as the context holds.
    pub max_tokens: Option<u32>,
}

/// What [`Generation::next`] yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A piece of the answer. Every generated token is in exactly one delta, in order. Tokens whose text is held
    /// back come with a later piece; only the last delta may have tokens and no text (they made a stop string).
    /// The token that ends an answer is in none.
    Delta(Delta),
    /// The end; nothing comes after it.
    End {
        /// Why.
        finish_reason: FinishReason,
        /// Tokens of the prompt, and of the answer with those said.
        usage: Usage,
        /// The whole answer, with what was said.
        text: String,
    },
}

impl Engine {
    /// Loads a GGUF model with llama.cpp on a thread of its own. Blocks until it is loaded.
    ///
    /// # Errors
    /// Says which option, file or template can't be used, and what to do.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let Options { model_path: path, model_name, slots, context_tokens, prompt_chunk, threads, gpu_layers } =
            options;
        check(slots, prompt_chunk)?;
        let batch = slots + prompt_chunk;
        let bridge = if gpu_layers > 0 { GPU_BRIDGE } else { 0 };
        let loader = Llama { path, slots, context_tokens, batch, threads, gpu_layers, bridge };
        Self::start_with(Box::new(loader), model_name, slots, prompt_chunk)
    }

    /// Starts on any model that implements the port. Blocks until it is loaded.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_with(
        loader: Box<dyn Loader>,
        model_name: String,
        slots: u32,
        prompt_chunk: u32,
    ) -> Result<Self, StartError> {
        check(slots, prompt_chunk)?;
        let shared = Arc::new(Shared::default());
        let (sender, inbox) = mpsc::channel(QUEUE);
        let thread::Started { facts, vocabulary, ended } =
            thread::start(loader, Arc::clone(&shared), inbox, (slots, prompt_chunk))?;
        let Facts { description, parameters, context_tokens, vocabulary: size, template, bos, eos, gpu } = facts;
        let source = template.ok_or_else(|| {
            shared.switch.turn_off();
            StartError::NoTemplate(model_name.clone())
        })?;
        let template = Template::new(&source, bos, eos).map_err(|reason| {
            shared.switch.turn_off();
            StartError::Template { model: model_name.clone(), reason }
        })?;
        let info = ModelInfo { name: model_name, context_tokens, vocabulary: size, description, parameters, gpu };
        let template = Arc::new(template);
        Ok(Self { handle: Arc::new(Handle { info, template, vocabulary, inbox: sender, shared, ended }) })
    }

    /// What is known of the model.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.handle.info
    }

    /// What the engine has done so far.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.handle.shared.metrics
    }

    /// Whether it can still answer: not after [`Engine::stop`], nor after its thread has died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !*self.handle.ended.borrow() && !self.handle.shared.switch.is_off()
    }

    /// Stops at once: running generations end with [`EngineError::Stopped`].
    pub fn stop(&self) {
        self.handle.shared.switch.turn_off();
    }

    /// Resolves when the thread has ended and the model is freed: after [`Engine::stop`], or when it has died. Holds
    /// no handle. A process that leaves earlier may tear llama.cpp down in the middle of a decode.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.handle.ended.clone();
        async move {
            // An error means that the thread has gone too.
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// How many tokens a text is, by itself and as plain text. A long one takes a while: not on the runtime's threads.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.handle.vocabulary.tokenize(text, false).len()
    }

    /// How many tokens the prompt of these messages is. As long as [`Engine::count`] takes.
    ///
    /// # Errors
    /// The template refuses the messages.
    pub fn prompt_tokens(&self, messages: &[Message]) -> Result<usize, GenerateError> {
        let Handle { template, vocabulary, .. } = &*self.handle;
        let tokens = template.tokens(messages, &**vocabulary, chrono::Local::now());
        tokens.map(|tokens| tokens.len()).map_err(GenerateError::Template)
    }

    /// Begins to answer: renders and tokenizes the messages, then waits for a slot. Dropping the future leaves the
    /// queue; dropping the generation frees its slot.
    ///
    /// # Errors
    /// The prompt is too long, the template refuses the messages, or the engine has stopped.
    pub async fn generate(&self, request: Request) -> Result<Generation, GenerateError> {
        if !self.is_alive() {
            return Err(GenerateError::Stopped);
        }
        let Handle { template, vocabulary, inbox, shared, info, .. } = &*self.handle;
        let context = usize::try_from(info.context_tokens).unwrap_or(usize::MAX);
        let (steps, reader) = mpsc::channel(READ_AHEAD);
        let paused = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { steps, paused: Arc::clone(&paused) };
        let (template, vocabulary) = (Arc::clone(template), Arc::clone(vocabulary));
        // Off the runtime's threads: a quarter of a megabyte of text takes a while to tokenize.
        let prepare = move || prepare(request, context, &template, &*vocabulary, outlet);
        let sequence = tokio::task::spawn_blocking(prepare).await.map_err(|_| GenerateError::Stopped)??;
        let (seated, seat) = oneshot::channel();
        let waiting = shared.metrics.wait();
        inbox.send(Ticket { sequence, seated }).await.map_err(|_| GenerateError::Stopped)?;
        shared.switch.wake();
        seat.await.map_err(|_| GenerateError::Stopped)?;
        drop(waiting);
        Ok(Generation::new(reader, paused, Arc::clone(shared)))
    }
}

fn check(slots: u32, prompt_chunk: u32) -> Result<(), StartError> {
    if !(1..=256).contains(&slots) {
        return Err(StartError::NotAllowed { option: "slots", value: slots, allowed: "1 to 256" });
    }
    if !(1..=8192).contains(&prompt_chunk) {
        return Err(StartError::NotAllowed { option: "prompt_chunk", value: prompt_chunk, allowed: "1 to 8192" });
    }
    Ok(())
}

/// Makes the sequence of a request: its tokens, and the state after what was said already.
fn prepare(
    request: Request,
    context: usize,
    template: &Template,
    vocabulary: &dyn Vocabulary,
    outlet: Outlet,
) -> Result<Sequence, GenerateError> {
    let Request { messages, said, said_text_len, sampling, stop, max_tokens } = request;
    let now = chrono::Local::now();
    let mut tokens = template.tokens(&messages, vocabulary, now).map_err(GenerateError::Template)?;
    let prompt = tokens.len();
    let max = context.saturating_sub(1);
    if prompt > max {
        return Err(GenerateError::PromptTooLong { tokens: prompt, max });
    }
    if prompt == 0 {
        return Err(GenerateError::Template("it makes an empty prompt of them".to_owned()));
    }
    let sampler = Sampler::new(sampling, &tokens, &said, rand::random());
    let mut text = Text::new(stop);
    let mut bytes = Vec::new();
    for &token in &said {
        bytes.clear();
        vocabulary.piece(token, &mut bytes);
        text.push(&bytes);
    }
    text.skip(said_text_len);
    tokens.extend(said);
    let max_tokens = max_tokens.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    Ok(Sequence { tokens, decoded: 0, prompt, max_tokens, context, sampler, text, held: Vec::new(), outlet })
}
