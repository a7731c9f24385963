//! A slot: one sequence of the model's memory, and the request that has it.
//!
//! What a finished request has read stays in its slot, so that the next turn of the conversation reads only what
//! is new.

use std::sync::{Arc, atomic::AtomicBool};

use ruche_schemas::kinds::chat::{Delta, FinishReason, Usage};
use tokio::sync::mpsc;

use super::{error::EngineError, port::Vocabulary, request::Step, sampler::Sampler, text::Text};

/// Room that a request's channel must have before its sequence is decoded: a delta and the end.
const ROOM: usize = 2;

/// One sequence of the model's memory.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// What the model remembers of the last request, while none is at work.
    pub(super) kept: Vec<i32>,
    /// When it was last at work, in requests; 0 is never.
    pub(super) used: u64,
    /// The request at work.
    pub(super) sequence: Option<Sequence>,
}

/// A request at work.
#[derive(Debug)]
pub(super) struct Sequence {
    /// Prompt, then the answer so far.
    pub(super) tokens: Vec<i32>,
    /// How many of them the model has read. All but the last one, while it generates.
    pub(super) decoded: usize,
    /// How many are the prompt's.
    pub(super) prompt: usize,
    /// The most tokens of the answer.
    pub(super) max_tokens: usize,
    /// The most tokens of prompt and answer.
    pub(super) context: usize,
    pub(super) sampler: Sampler,
    pub(super) text: Text,
    /// Tokens whose text was not published yet.
    pub(super) unpublished: Vec<i32>,
    pub(super) outlet: Outlet,
}

/// Where a request's steps go.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) steps: mpsc::Sender<Result<Step, EngineError>>,
    /// Set while the sequence waits for its reader, who then wakes the engine.
    pub(super) paused: Arc<AtomicBool>,
}

impl Outlet {
    /// Whether the reader has room for a step and the end. Where not, the reader will wake the engine.
    pub(super) fn has_room(&self) -> bool {
        use std::sync::atomic::Ordering::SeqCst;
        if self.steps.capacity() >= ROOM {
            return true;
        }
        self.paused.store(true, SeqCst);
        // The reader may have read between the look and the note.
        let room = self.steps.capacity() >= ROOM;
        if room {
            self.paused.store(false, SeqCst);
        }
        room
    }

    pub(super) fn is_gone(&self) -> bool {
        self.steps.is_closed()
    }

    /// Never blocks, and never loses a step: see [`Self::has_room`]. A reader that has gone is noticed later.
    fn send(&self, step: Result<Step, EngineError>) {
        let _ = self.steps.try_send(step);
    }

    pub(super) fn fail(&self, error: EngineError) {
        self.send(Err(error));
    }
}

impl Sequence {
    /// Tokens still to be read before the next one can be chosen: 1 while it generates.
    pub(super) fn pending(&self) -> usize {
        self.tokens.len() - self.decoded
    }

    /// How many tokens of the answer there are, those of earlier attempts included.
    pub(super) fn answered(&self) -> usize {
        self.tokens.len() - self.prompt
    }

    /// Why it is at its end before another token is chosen, if it is.
    pub(super) fn ended(&self) -> Option<FinishReason> {
        if self.text.stopped() {
            return Some(FinishReason::Stop);
        }
        let full = self.answered() >= self.max_tokens || self.tokens.len() >= self.context;
        full.then_some(FinishReason::Length)
    }

    /// Takes the token that was chosen. Returns why the answer has ended, if it has.
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
        self.ended()
    }

    /// Sends the text that may go, with the tokens up to it.
    pub(super) fn publish(&mut self) {
        let text = self.text.take();
        if !text.is_empty() {
            let tokens = std::mem::take(&mut self.unpublished);
            self.outlet.send(Ok(Step::Delta(Delta { text, tokens })));
        }
    }

    /// Sends what is left, and the end.
    pub(super) fn finish(mut self, finish_reason: FinishReason) {
        let text = self.text.take_rest();
        let tokens = std::mem::take(&mut self.unpublished);
        if !text.is_empty() || !tokens.is_empty() {
            self.outlet.send(Ok(Step::Delta(Delta { text, tokens })));
        }
        let count = |tokens: usize| u32::try_from(tokens).unwrap_or(u32::MAX);
        let usage = Usage { prompt_tokens: count(self.prompt), completion_tokens: count(self.answered()) };
        self.outlet.send(Ok(Step::End { finish_reason, usage, text: self.text.into_whole() }));
    }
}
