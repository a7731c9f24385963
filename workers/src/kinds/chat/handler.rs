//! The chat handler. A worker that takes over a crashed worker's chat continues after the tokens already emitted, so
//! the user sees a pause, not a restart. A bot's chat carries its passages, and the answer says which of them it
//! cites.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use ruche_schemas::{
    Envelope, EventType, Failure, Record,
    failure::codes,
    kinds::chat::{self, Answer, BOT_PREFIX, Chat, Delta, FinishReason, Grounding, Role},
};
use ruche_store::{
    StoreError,
    conversations::{Conversations, History, Turn, TurnMessage},
    ledger::{Usage, Write},
};
use tracing::{Instrument, info_span};

use super::{
    citations,
    compose::{Composed, composed},
    metrics::Metrics,
    refusal::refused,
    slots,
};
use crate::{
    inference::{
        engine::{Engine, Generation, Request, Step},
        llama::{EngineOptions, start_engine},
    },
    kinds::prepared::{Prepared, Setup, ShutdownHandle},
    registry::{Handler, handler},
    runtime::{context::Context, job_error::JobError, retry::RETRY},
};

pub struct ChatHandler {
    engine: Engine,
    conversations: Arc<dyn Conversations>,
    metrics: Metrics,
}

/// Loads the model. Fails if none is configured or it can't be loaded.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let chat = setup.config.of::<Chat>()?;
    anyhow::ensure!(
        !chat.model_path.is_empty(),
        "chat.model_path is empty: name a GGUF file (RUCHE_CHAT__MODEL_PATH), or start with `ruche up`, which fetches one"
    );
    let model_path = PathBuf::from(&chat.model_path);
    let file = model_path.file_stem().unwrap_or_default().to_string_lossy();
    let model_name = if chat.model_name.is_empty() { file.into_owned() } else { chat.model_name.clone() };
    let slots = match chat.slots {
        0 => slots::choose(&model_path, chat.context_tokens, chat.threads, chat.gpu_layers),
        asked => asked,
    };
    let engine = start_engine(EngineOptions {
        model_path,
        model_name,
        slots,
        context_tokens: chat.context_tokens,
        prompt_chunk: chat.prompt_chunk,
        threads: chat.threads,
        gpu_layers: chat.gpu_layers,
    })?;
    let slots = usize::try_from(slots).ok().and_then(NonZeroUsize::new).context("chat.slots is 0")?;
    let metrics = Metrics::new(&setup.metrics);
    let shutdown = ShutdownHandle::of(vec![engine.thread().clone()]);
    let handler = handler(ChatHandler { engine, conversations: setup.store, metrics });
    Ok(Prepared { handler, slots, reserved: 0, reconcilers: Vec::new(), shutdown })
}

#[async_trait]
impl Handler<Chat> for ChatHandler {
    async fn handle(&self, job: &Envelope<Chat>, context: Context<Chat>) -> Result<Answer, JobError> {
        let model = self.engine.name();
        if let Some(asked) = job.body.model.as_deref().filter(|asked| *asked != model) {
            let message = match asked.starts_with(BOT_PREFIX) {
                true => format!("{asked:?} is a bot, which only a gateway knows: submit this chat there, by itself"),
                false => format!("this worker answers with {model:?}, not with {asked:?}"),
            };
            return Err(JobError::Reject(Failure::new(codes::UNKNOWN_MODEL, message).with_param("model")));
        }
        let (emitted, emitted_text_bytes) = emitted(&context.past);
        if let Some(sentence) = job.body.grounding.as_ref().and_then(Grounding::found_nothing) {
            return Ok(self.found_nothing(sentence, emitted_text_bytes, &context, job).await);
        }
        let History { mut messages, left_out: older } = self.history(job).await?;
        messages.extend(job.body.messages.iter().cloned());
        messages.retain(|message| !message.is_no_instruction());
        let request = Request {
            messages,
            now: context.clock.now(),
            emitted,
            emitted_text_bytes,
            sampling: job.body.sampling.clone(),
            stop: job.body.stop.clone(),
            max_tokens: job.body.max_tokens,
            quotes: Vec::new(),
        };
        let Composed { request, shown, left_out, elsewhere } =
            composed(&self.engine, job.body.grounding.as_ref(), request).await?;
        let nothing_found = job.body.grounding.as_ref().and_then(|grounding| grounding.nothing_found.as_deref());
        if let Some(sentence) = nothing_found.filter(|_| elsewhere) {
            return Ok(self.found_nothing(sentence, emitted_text_bytes, &context, job).await);
        }
        let left_out = u64::from(job.body.messages_left_out).saturating_add(older).saturating_add(left_out as u64);
        let left_out = u32::try_from(left_out).unwrap_or(u32::MAX);
        let span =
            info_span!("chat", otel.kind = "internal", gen_ai.operation.name = "chat", gen_ai.request.model = model);
        let start = Instant::now();
        async {
            let generation = self.engine.generate(request).await.map_err(refused)?;
            let mut answer = self.relay(generation, &context, (start, left_out), job).await?;
            if let Some(grounding) = job.body.grounding.as_ref().filter(|grounding| grounding.cites()) {
                answer.citations = Some(citations::citations(&answer.text, &grounding.passages, &shown));
            }
            Ok(answer)
        }
        .instrument(span)
        .await
    }

    fn writes(&self, job: &Envelope<Chat>, output: &Answer) -> Vec<Write> {
        let mut writes = vec![Write::Usage(Usage {
            model: output.model.clone(),
            prompt_tokens: output.usage.prompt_tokens,
            completion_tokens: output.usage.completion_tokens,
        })];
        if let Some(conversation) = job.body.conversation.filter(|_| job.body.store) {
            let messages = job.body.messages.iter().filter(|message| !message.is_no_instruction());
            let asked = messages.map(|message| TurnMessage {
                role: message.role,
                content: message.content.clone(),
                model: None,
                citations: None,
            });
            let (content, model) = (output.text.clone(), Some(output.model.clone()));
            let citations = output.citations.clone();
            let answer = TurnMessage { role: Role::Assistant, content, model, citations };
            let begins = !job.body.continues;
            writes.push(Write::Turn(Turn { conversation, begins, messages: asked.chain([answer]).collect() }));
        }
        writes
    }

    fn models(&self) -> Vec<String> {
        vec![self.engine.name().to_owned()]
    }

    fn gpu(&self) -> Option<String> {
        self.engine.model().gpu.clone()
    }
}

impl ChatHandler {
    /// Earlier messages of the conversation. A new conversation has the id of its first job and no messages, so it is
    /// answered even while the database is down.
    async fn history(&self, job: &Envelope<Chat>) -> Result<History, JobError> {
        let Some(conversation) = job.body.conversation.filter(|id| *id != job.id.0) else {
            return Ok(History::default());
        };
        // Bounded by the job's deadline.
        let mut retry = RETRY.delays();
        loop {
            match self.conversations.history(&job.tenant, conversation).await {
                Ok(Some(history)) => return Ok(history),
                Ok(None) if !job.body.continues => return Ok(History::default()),
                Ok(None) => {
                    let message = format!("the conversation {conversation} was deleted: begin a new one");
                    let failure = Failure::new(codes::UNKNOWN_CONVERSATION, message).with_param("conversation");
                    return Err(JobError::Reject(failure));
                }
                Err(StoreError::Refused(failure)) => return Err(JobError::Reject(failure)),
                Err(StoreError::Unavailable(error)) => {
                    tracing::warn!(%error, "waiting for the database");
                    retry.wait().await;
                }
            }
        }
    }

    /// Answers that nothing was found, without the model. Continues where an earlier attempt stopped.
    async fn found_nothing(
        &self,
        sentence: &str,
        emitted: usize,
        context: &Context<Chat>,
        job: &Envelope<Chat>,
    ) -> Answer {
        let rest = sentence.get(emitted..).unwrap_or_default();
        if !rest.is_empty() {
            context.progress(Delta { text: rest.to_owned(), ..Delta::default() }).await;
        }
        Answer {
            text: sentence.to_owned(),
            finish_reason: FinishReason::Stop,
            model: self.engine.name().to_owned(),
            usage: chat::Usage::default(),
            conversation: job.body.conversation.filter(|_| job.body.store),
            citations: Some(Vec::new()),
        }
    }

    /// Publishes the answer, token by token. The number is that of messages left out: the first piece tells it.
    async fn relay(
        &self,
        mut generation: Generation,
        context: &Context<Chat>,
        (start, messages_left_out): (Instant, u32),
        job: &Envelope<Chat>,
    ) -> Result<Answer, JobError> {
        let mut first = None;
        while let Some(step) = generation.next().await {
            match step.map_err(JobError::retry)? {
                Step::Delta(delta) => {
                    let left_out = if first.is_none() { messages_left_out } else { 0 };
                    first.get_or_insert_with(Instant::now);
                    context.progress(Delta { messages_left_out: left_out, ..delta }).await;
                }
                Step::End { finish_reason, usage, text } => {
                    self.metrics.ended(start, first, usage.completion_tokens);
                    let usage = chat::Usage { messages_left_out, ..usage };
                    let conversation = job.body.conversation.filter(|_| job.body.store);
                    let model = self.engine.name().to_owned();
                    return Ok(Answer { text, finish_reason, model, usage, conversation, citations: None });
                }
            }
        }
        Err(JobError::retry(anyhow::anyhow!("the engine stopped in the middle of an answer")))
    }
}

/// The answer tokens that earlier attempts emitted, and the length of their text in bytes.
fn emitted(past: &[Record]) -> (Vec<i32>, usize) {
    let mut all = Delta::default();
    for record in past.iter().filter(|record| record.event == EventType::Delta) {
        if let Ok(delta) = record.parse::<Delta>() {
            all.text.push_str(&delta.text);
            all.tokens.extend(delta.tokens);
        }
    }
    (all.tokens, all.text.len())
}
