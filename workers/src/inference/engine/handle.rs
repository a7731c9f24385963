//! The handle of a language model: starts its thread, and queues requests.

use std::sync::{Arc, atomic::AtomicBool};

use chrono::{DateTime, Utc};
use ruche_schemas::kinds::chat::Message;
use tokio::sync::{mpsc, oneshot};

use super::{
    error::{GenerateError, StartError},
    generation::Generation,
    metrics::Metrics,
    port::{LoadError, Loader, ModelInfo, Vocabulary},
    quotes::Quotes,
    request::Request,
    sampler::Sampler,
    scheduler::{Scheduler, Ticket},
    slot::{Outlet, Sequence},
    template::Template,
    text::Text,
};
use crate::inference::{
    thread::{self, ModelThread, Ready},
    waker::Waker,
};

/// Requests that may wait for a slot; further ones wait in [`Engine::generate`].
const QUEUE: usize = 1024;
/// Unread steps after which a sequence pauses.
const READ_AHEAD: usize = 64;

/// A running model. Cheap to clone; the model stops when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Engine {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    name: String,
    info: ModelInfo,
    template: Arc<Template>,
    vocabulary: Arc<dyn Vocabulary>,
    inbox: mpsc::Sender<Ticket>,
    thread: ModelThread,
    metrics: Arc<Metrics>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

impl Engine {
    /// Starts a model. Blocks until it is loaded. Errors say which option, file or template can't be used, and what
    /// to do.
    pub fn start(
        loader: Box<dyn Loader>,
        model_name: String,
        slots: u32,
        prompt_chunk: u32,
    ) -> Result<Self, StartError> {
        check(slots, prompt_chunk)?;
        let (waker, metrics) = (Arc::new(Waker::default()), Arc::new(Metrics::default()));
        let (sender, inbox) = mpsc::channel(QUEUE);
        let shared = (Arc::clone(&waker), Arc::clone(&metrics));
        let body = move |ready: &Loaded| work(loader, shared, inbox, (slots, prompt_chunk), ready);
        let (thread, (info, vocabulary)) = ModelThread::start("engine", &waker, body).map_err(|error| match error {
            thread::StartError::Thread(reason) => StartError::Thread(reason),
            thread::StartError::Model(error) => StartError::Load(error),
        })?;
        let source = info.template.as_deref().ok_or_else(|| {
            thread.stop();
            StartError::NoTemplate(model_name.clone())
        })?;
        let template = Template::new(source, info.bos.clone(), info.eos.clone()).map_err(|reason| {
            thread.stop();
            StartError::Template { model: model_name.clone(), reason }
        })?;
        let (name, template, inbox) = (model_name, Arc::new(template), sender);
        Ok(Self { handle: Arc::new(Handle { name, info, template, vocabulary, inbox, thread, metrics }) })
    }

    /// As reported in answers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.handle.name
    }

    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.handle.info
    }

    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.handle.metrics
    }

    /// False after [`Engine::stop`], or when the thread has died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.handle.thread.is_alive()
    }

    /// Stops at once: running generations end with [`super::EngineError::Stopped`].
    pub fn stop(&self) {
        self.handle.thread.stop();
    }

    /// Resolves when the thread has ended and the model is freed: after [`Engine::stop`], or when it has died. Does
    /// not keep the model running. A process that exits earlier may tear llama.cpp down during a decode.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.handle.thread.ended()
    }

    pub(crate) fn thread(&self) -> &ModelThread {
        &self.handle.thread
    }

    /// Number of tokens of a text alone, as plain text. Slow for long texts: do not call it on the runtime's threads.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.handle.vocabulary.tokenize(text, false).len()
    }

    /// Number of prompt tokens of these messages; as slow as [`Engine::count`]. Fails if the template rejects the
    /// messages.
    pub fn prompt_tokens(&self, messages: &[Message], now: DateTime<Utc>) -> Result<usize, GenerateError> {
        let Handle { template, vocabulary, .. } = &*self.handle;
        let tokens = template.tokens(messages, &**vocabulary, now);
        tokens.map(|tokens| tokens.len()).map_err(GenerateError::Template)
    }

    /// Starts an answer: renders and tokenizes the messages, then waits for a slot. Dropping the future cancels the
    /// request; dropping the generation frees its slot.
    ///
    /// Fails if the prompt is too long, the template rejects the messages, or the engine has stopped.
    pub async fn generate(&self, request: Request) -> Result<Generation, GenerateError> {
        if !self.is_alive() {
            return Err(GenerateError::Stopped);
        }
        let Handle { template, vocabulary, inbox, thread, metrics, info, .. } = &*self.handle;
        let context = usize::try_from(info.context_tokens).unwrap_or(usize::MAX);
        let (steps, reader) = mpsc::channel(READ_AHEAD);
        let paused = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { steps, paused: Arc::clone(&paused) };
        let (template, vocabulary) = (Arc::clone(template), Arc::clone(vocabulary));
        // Tokenizing 256 KB of text would block the runtime.
        let prepare = move || prepare(request, context, &template, &*vocabulary, outlet);
        let sequence = tokio::task::spawn_blocking(prepare).await.map_err(|_| GenerateError::Stopped)??;
        let (admitted, admission) = oneshot::channel();
        let waiting = metrics.wait();
        inbox.send(Ticket { sequence, admitted }).await.map_err(|_| GenerateError::Stopped)?;
        thread.wake();
        admission.await.map_err(|_| GenerateError::Stopped)?;
        drop(waiting);
        Ok(Generation::new(reader, paused, thread.clone()))
    }
}

type Loaded = Ready<(ModelInfo, Arc<dyn Vocabulary>), LoadError>;

/// The thread's body: loads the model, and schedules until stopped.
fn work(
    loader: Box<dyn Loader>,
    shared: (Arc<Waker>, Arc<Metrics>),
    inbox: mpsc::Receiver<Ticket>,
    sizes: (u32, u32),
    ready: &Loaded,
) {
    let result = loader.run(Box::new(|info, vocabulary, decoder| {
        // Fails if the starter has gone: then no request will ever come.
        if ready.send(Ok((info, Arc::clone(&vocabulary)))).is_ok() {
            Scheduler::new(decoder, vocabulary, shared, inbox, sizes).run();
        }
    }));
    if let Err(error) = result {
        let _ = ready.send(Err(error));
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

/// The request's sequence: its tokens, and the state after the tokens emitted earlier.
fn prepare(
    request: Request,
    context: usize,
    template: &Template,
    vocabulary: &dyn Vocabulary,
    outlet: Outlet,
) -> Result<Sequence, GenerateError> {
    let Request { messages, now, emitted, emitted_text_bytes, sampling, stop, max_tokens, quotes } = request;
    let mut tokens = template.tokens(&messages, vocabulary, now).map_err(GenerateError::Template)?;
    let prompt = tokens.len();
    let max = context.saturating_sub(1);
    if prompt > max {
        return Err(GenerateError::PromptTooLong { tokens: prompt, max });
    }
    if prompt == 0 {
        return Err(GenerateError::Template("it makes an empty prompt of them".to_owned()));
    }
    let sampler = Sampler::new(sampling, &tokens, &emitted, rand::random());
    let (mut text, mut quotes) = (Text::new(stop), Quotes::new(quotes));
    let mut bytes = Vec::new();
    for &token in &emitted {
        bytes.clear();
        vocabulary.piece(token, &mut bytes);
        text.push(&bytes);
        quotes.accept(&bytes);
    }
    text.skip(emitted_text_bytes);
    tokens.extend(emitted);
    let max_tokens = max_tokens.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let unpublished = Vec::new();
    Ok(Sequence { tokens, decoded: 0, prompt, max_tokens, context, sampler, quotes, text, unpublished, outlet })
}
