//! A slot: one sequence of the model's cache, and its current request. The tokens of a finished request stay cached,
//! so that the next turn of the conversation decodes only what is new.

use std::sync::{Arc, atomic::AtomicBool};

use ruche_schemas::kinds::chat::{Delta, FinishReason, Usage};
use tokio::sync::mpsc;

use super::{
    error::EngineError,
    port::Vocabulary,
    quotes::Quotes,
    request::Step,
    sampler::{Sampler, Scratch},
    text::Text,
};

/// Free capacity required in a request's channel before a decode: a delta and the end.
const ROOM: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The cached tokens of the last request, while the slot is free.
    pub(super) kept: Vec<i32>,
    /// Last use, by the clock of `Scheduler::admitted`; 0 is never.
    pub(super) used: u64,
    pub(super) sequence: Option<Sequence>,
}

#[derive(Debug)]
pub(super) struct Sequence {
    /// Prompt and answer so far.
    pub(super) tokens: Vec<i32>,
    /// Number of decoded tokens: all but the last one during generation.
    pub(super) decoded: usize,
    pub(super) prompt: usize,
    pub(super) max_tokens: usize,
    /// Limit of prompt and answer.
    pub(super) context: usize,
    pub(super) sampler: Sampler,
    pub(super) quotes: Quotes,
    pub(super) text: Text,
    pub(super) unpublished: Vec<i32>,
    pub(super) outlet: Outlet,
}

#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) steps: mpsc::Sender<Result<Step, EngineError>>,
    /// Set while the sequence waits for its reader, which then wakes the engine.
    pub(super) paused: Arc<AtomicBool>,
}

impl Outlet {
    /// Whether the channel has room for a step and the end. If not, the reader will wake the engine.
    pub(super) fn has_room(&self) -> bool {
        use std::sync::atomic::Ordering::SeqCst;
        if self.steps.capacity() >= ROOM {
            return true;
        }
        self.paused.store(true, SeqCst);
        // The reader may have read between the check and the store.
        let room = self.steps.capacity() >= ROOM;
        if room {
            self.paused.store(false, SeqCst);
        }
        room
    }

    pub(super) fn is_gone(&self) -> bool {
        self.steps.is_closed()
    }

    /// Never blocks or loses a step, thanks to [`Self::has_room`]. A gone reader is noticed later.
    fn send(&self, step: Result<Step, EngineError>) {
        let _ = self.steps.try_send(step);
    }

    pub(super) fn fail(&self, error: EngineError) {
        self.send(Err(error));
    }
}

impl Sequence {
    /// Tokens to decode before the next one can be sampled: 1 during generation.
    pub(super) fn pending(&self) -> usize {
        self.tokens.len() - self.decoded
    }

    /// Number of answer tokens, those of earlier attempts included.
    pub(super) fn answered(&self) -> usize {
        self.tokens.len() - self.prompt
    }

    /// The reason to finish before another token is sampled, if any.
    pub(super) fn ended(&self) -> Option<FinishReason> {
        if self.text.stopped() || self.quotes.is_complete() {
            return Some(FinishReason::Stop);
        }
        let full = self.answered() >= self.max_tokens || self.tokens.len() >= self.context;
        full.then_some(FinishReason::Length)
    }

    /// The next token; `None` if no logit is a usable number.
    pub(super) fn choose(&self, logits: &[f32], vocabulary: &dyn Vocabulary, scratch: &mut Scratch) -> Option<i32> {
        self.quotes.choose(logits, vocabulary).or_else(|| self.sampler.choose(logits, scratch))
    }

    /// Appends a sampled token. Returns the finish reason, if the answer has ended.
    pub(super) fn accept(
        &mut self,
        token: i32,
        vocabulary: &dyn Vocabulary,
        bytes: &mut Vec<u8>,
    ) -> Option<FinishReason> {
        if vocabulary.is_end(token) {
            return Some(FinishReason::Stop);
        }
        self.tokens.push(token);
        self.unpublished.push(token);
        self.sampler.accept(token);
        bytes.clear();
        vocabulary.piece(token, bytes);
        self.text.push(bytes);
        self.quotes.accept(bytes);
        self.ended()
    }

    pub(super) fn publish(&mut self) {
        let text = self.text.take();
        if !text.is_empty() {
            let tokens = std::mem::take(&mut self.unpublished);
            self.outlet.send(Ok(Step::Delta(Delta { text, tokens, ..Delta::default() })));
        }
    }

    pub(super) fn finish(mut self, finish_reason: FinishReason) {
        let text = self.text.take_rest();
        let tokens = std::mem::take(&mut self.unpublished);
        if !text.is_empty() || !tokens.is_empty() {
            self.outlet.send(Ok(Step::Delta(Delta { text, tokens, ..Delta::default() })));
        }
        let count = |tokens: usize| u32::try_from(tokens).unwrap_or(u32::MAX);
        let (prompt_tokens, completion_tokens) = (count(self.prompt), count(self.answered()));
        let usage = Usage { prompt_tokens, completion_tokens, ..Usage::default() };
        self.outlet.send(Ok(Step::End { finish_reason, usage, text: self.text.into_whole() }));
    }
}
