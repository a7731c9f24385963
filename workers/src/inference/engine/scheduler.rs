//! The engine's thread: continuous batching of many sequences in one model.
//!
//! Before each decode, requests that left give their slots back and waiting ones take them, so that nobody waits
//! for anybody's end; then one batch moves all of them on. The thread sleeps only where nothing can go on, and is
//! woken by a new request, by a reader who has made room, by one who has left, and by `stop`.

use std::{sync::Arc, time::Instant};

use ruche_schemas::kinds::chat::FinishReason;
use tokio::sync::{mpsc, oneshot};

use super::{
    error::EngineError,
    metrics::Metrics,
    plan::plan,
    port::{DecodeError, Decoder, Row, Vocabulary},
    sampler::Scratch,
    slot::{Sequence, Slot},
};
use crate::inference::waker::Waker;

/// A request that was admitted, with its prompt tokenized.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) sequence: Sequence,
    /// Told when the request has its slot.
    pub(super) admitted: oneshot::Sender<()>,
}

/// What the thread owns.
pub(super) struct Scheduler<'a> {
    decoder: &'a mut dyn Decoder,
    vocabulary: Arc<dyn Vocabulary>,
    waker: Arc<Waker>,
    metrics: Arc<Metrics>,
    inbox: mpsc::Receiver<Ticket>,
    slots: Vec<Slot>,
    prompt_chunk: usize,
    /// Requests given a sequence so far: the clock of "least recently used".
    admitted: u64,
    rows: Vec<Row>,
    scratch: Scratch,
    bytes: Vec<u8>,
}

impl Drop for Scheduler<'_> {
    /// Also when it panics, and before its readers are told.
    fn drop(&mut self) {
        self.waker.stop();
    }
}

impl<'a> Scheduler<'a> {
    pub(super) fn new(
        decoder: &'a mut dyn Decoder,
        vocabulary: Arc<dyn Vocabulary>,
        (waker, metrics): (Arc<Waker>, Arc<Metrics>),
        inbox: mpsc::Receiver<Ticket>,
        (slots, prompt_chunk): (u32, u32),
    ) -> Self {
        Self {
            decoder,
            vocabulary,
            waker,
            metrics,
            inbox,
            slots: (0..slots).map(|_| Slot::default()).collect(),
            prompt_chunk: usize::try_from(prompt_chunk).unwrap_or(usize::MAX),
            admitted: 0,
            rows: Vec::new(),
            scratch: Scratch::default(),
            bytes: Vec::new(),
        }
    }

    /// Works until it is stopped.
    pub(super) fn run(mut self) {
        while !self.waker.is_stopped() {
            self.release_left();
            self.admit_waiting();
            self.metrics.set_active(self.slots.iter().filter(|slot| slot.sequence.is_some()).count());
            let mut rows = std::mem::take(&mut self.rows);
            plan(&self.slots, self.prompt_chunk, &mut rows);
            if rows.is_empty() {
                // Whoever unparks this thread before it parks makes it return at once: no wake-up is lost.
                std::thread::park();
            } else {
                self.step(&rows);
            }
            self.rows = rows;
        }
        self.metrics.set_active(0);
    }

    /// Takes the slots of those whose readers have left.
    fn release_left(&mut self) {
        for number in 0..self.slots.len() {
            if self.slots[number].sequence.as_ref().is_some_and(|sequence| sequence.outlet.is_gone()) {
                self.vacate(number);
            }
        }
    }

    /// Takes the request from its slot; what the model has read of it stays.
    fn vacate(&mut self, number: usize) -> Option<Sequence> {
        let slot = &mut self.slots[number];
        let mut sequence = slot.sequence.take()?;
        slot.kept.clear();
        slot.kept.extend_from_slice(&sequence.tokens[..sequence.decoded]);
        sequence.decoded = 0;
        Some(sequence)
    }

    /// Gives free slots to those who wait, the first first.
    fn admit_waiting(&mut self) {
        while self.slots.iter().any(|slot| slot.sequence.is_none()) {
            let Ok(Ticket { sequence, admitted }) = self.inbox.try_recv() else { return };
            if sequence.outlet.is_gone() || admitted.send(()).is_err() {
                continue;
            }
            match sequence.ended() {
                // An earlier attempt said it all, and died before it could say so.
                Some(reason) => sequence.finish(reason),
                None => self.admit(sequence),
            }
        }
    }

    fn admit(&mut self, mut sequence: Sequence) {
        let Some((number, common)) = self.choose_slot(&sequence.tokens) else { return };
        self.admitted += 1;
        let slot = &mut self.slots[number];
        slot.used = self.admitted;
        if common < slot.kept.len() {
            let keep = u32::try_from(common).unwrap_or(0);
            let left = self.decoder.truncate(u32::try_from(number).unwrap_or(0), keep);
            sequence.decoded = usize::try_from(left).unwrap_or(0);
        } else {
            sequence.decoded = common;
        }
        slot.kept.clear();
        self.metrics.reused(sequence.decoded);
        slot.sequence = Some(sequence);
    }

    /// The free slot for a prompt, and how many of its first tokens that slot still holds: the slot with the most
    /// of them, where that is a good part of the prompt and of what the slot holds; else the one that has been
    /// idle for longest. The last token is always read again, because its logits are needed.
    fn choose_slot(&self, tokens: &[i32]) -> Option<(usize, usize)> {
        let free = self.slots.iter().enumerate().filter(|(_, slot)| slot.sequence.is_none());
        let with_common = free.map(|(number, slot)| {
            let equal = slot.kept.iter().zip(&tokens[..tokens.len() - 1]).take_while(|(a, b)| a == b).count();
            (number, equal, slot)
        });
        let candidates: Vec<_> = with_common.collect();
        let worth = |common: usize, kept: usize| common > 0 && common * 10 >= tokens.len() && common * 2 >= kept;
        let best = candidates.iter().filter(|(_, common, slot)| worth(*common, slot.kept.len()));
        let best = best.max_by_key(|(number, common, slot)| (*common, slot.used, std::cmp::Reverse(*number)));
        let idle = || candidates.iter().min_by_key(|(number, _, slot)| (slot.used, *number));
        best.or_else(idle).map(|(number, common, _)| (*number, *common))
    }

    /// Decodes a batch, and chooses a token for each sequence that has read all of its own.
    fn step(&mut self, rows: &[Row]) {
        match self.decode(rows) {
            Ok(()) => self.advance(rows),
            Err(error) => self.step_alone(rows, &error),
        }
    }

    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError> {
        let started = Instant::now();
        let result = self.decoder.decode(rows);
        self.metrics.decoded(started.elapsed(), result.is_err());
        result
    }

    /// After a batch that failed: each sequence alone, so that only those fail that can't go on.
    fn step_alone(&mut self, rows: &[Row], error: &DecodeError) {
        tracing::warn!(%error, rows = rows.len(), "a decode failed: going on with each sequence alone");
        for rows in rows.chunk_by(|a, b| a.sequence == b.sequence) {
            if matches!(error, DecodeError::HalfDone(_)) {
                self.reconcile(rows);
            }
        }
        for rows in rows.chunk_by(|a, b| a.sequence == b.sequence) {
            // What reconciling lost has to be read first: a later batch does it.
            if !self.follows(rows) {
                continue;
            }
            match self.decode(rows) {
                Ok(()) => self.advance(rows),
                Err(error) => self.fail(rows, &error),
            }
        }
    }

    /// Brings the model's memory back to what was there before a batch that failed half-way.
    fn reconcile(&mut self, rows: &[Row]) {
        let Some((number, sequence)) = self.sequence_of(rows) else { return };
        let keep = u32::try_from(sequence.decoded).unwrap_or(0);
        let left = self.decoder.truncate(number, keep);
        if let Some((_, sequence)) = self.sequence_of(rows) {
            sequence.decoded = usize::try_from(left).unwrap_or(0);
        }
    }

    /// Whether these rows come right after what the model has read.
    fn follows(&mut self, rows: &[Row]) -> bool {
        let first = rows.first().and_then(|row| usize::try_from(row.position).ok());
        self.sequence_of(rows).is_some_and(|(_, sequence)| first == Some(sequence.decoded))
    }

    fn sequence_of(&mut self, rows: &[Row]) -> Option<(u32, &mut Sequence)> {
        let number = rows.first()?.sequence;
        let slot = self.slots.get_mut(usize::try_from(number).ok()?)?;
        slot.sequence.as_mut().map(|sequence| (number, sequence))
    }

    fn fail(&mut self, rows: &[Row], error: &DecodeError) {
        let Some((number, _)) = self.sequence_of(rows) else { return };
        tracing::error!(%error, slot = number, "a sequence can't be decoded: its request fails");
        self.forget(number, EngineError::Decode(error.to_string()));
    }

    /// Fails a request and empties its slot.
    fn forget(&mut self, number: u32, error: EngineError) {
        let Ok(place) = usize::try_from(number) else { return };
        if let Some(sequence) = self.vacate(place) {
            sequence.outlet.fail(error);
        }
        self.decoder.truncate(number, 0);
        self.slots[place].kept.clear();
    }

    /// Notes what was read, and takes the next token of those who are through.
    fn advance(&mut self, rows: &[Row]) {
        for (index, row) in rows.iter().enumerate() {
            let Ok(number) = usize::try_from(row.sequence) else { continue };
            let Some(sequence) = self.slots[number].sequence.as_mut() else { continue };
            sequence.decoded += 1;
            if sequence.decoded <= sequence.prompt {
                self.metrics.read(1);
            }
            if !row.logits {
                continue;
            }
            let Some(token) = sequence.sampler.choose(self.decoder.logits(index), &mut self.scratch) else {
                self.forget(row.sequence, EngineError::NoLogits);
                continue;
            };
            if !self.vocabulary.is_end(token) {
                self.metrics.generated();
            }
            match sequence.accept(token, &*self.vocabulary, &mut self.bytes) {
                None => sequence.publish(),
                Some(reason) => self.finish(number, reason),
            }
        }
    }

    fn finish(&mut self, number: usize, reason: FinishReason) {
        if let Some(sequence) = self.vacate(number) {
            sequence.finish(reason);
        }
    }
}
