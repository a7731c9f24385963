//! The engine's thread: continuous batching of many sequences in one model. Before each decode, slots of gone readers
//! are freed and given to waiting requests. The thread parks when no sequence can advance; it is woken by a new
//! request, by a reader that made room or left, and by `stop`.

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

#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) sequence: Sequence,
    pub(super) admitted: oneshot::Sender<()>,
}

pub(super) struct Scheduler<'a> {
    decoder: &'a mut dyn Decoder,
    vocabulary: Arc<dyn Vocabulary>,
    waker: Arc<Waker>,
    metrics: Arc<Metrics>,
    inbox: mpsc::Receiver<Ticket>,
    slots: Vec<Slot>,
    prompt_chunk: usize,
    /// Number of admitted requests: the clock of the LRU choice.
    admitted: u64,
    rows: Vec<Row>,
    scratch: Scratch,
    bytes: Vec<u8>,
}

impl Drop for Scheduler<'_> {
    /// Also on a panic, and before readers are told.
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

    pub(super) fn run(mut self) {
        while !self.waker.is_stopped() {
            self.release_left();
            self.admit_waiting();
            self.metrics.set_active(self.slots.iter().filter(|slot| slot.sequence.is_some()).count());
            let mut rows = std::mem::take(&mut self.rows);
            plan(&self.slots, self.prompt_chunk, &mut rows);
            if rows.is_empty() {
                // An unpark before this park makes it return at once, so no wake-up is lost.
                std::thread::park();
            } else {
                self.step(&rows);
            }
            self.rows = rows;
        }
        self.metrics.set_active(0);
    }

    fn release_left(&mut self) {
        for number in 0..self.slots.len() {
            if self.slots[number].sequence.as_ref().is_some_and(|sequence| sequence.outlet.is_gone()) {
                self.vacate(number);
            }
        }
    }

    /// Removes the request from its slot; the model's cache of it stays.
    fn vacate(&mut self, number: usize) -> Option<Sequence> {
        let slot = &mut self.slots[number];
        let mut sequence = slot.sequence.take()?;
        slot.kept.clear();
        slot.kept.extend_from_slice(&sequence.tokens[..sequence.decoded]);
        sequence.decoded = 0;
        Some(sequence)
    }

    /// Assigns free slots to waiting requests, first in first out.
    fn admit_waiting(&mut self) {
        while self.slots.iter().any(|slot| slot.sequence.is_none()) {
            let Ok(Ticket { sequence, admitted }) = self.inbox.try_recv() else { return };
            if sequence.outlet.is_gone() || admitted.send(()).is_err() {
                continue;
            }
            match sequence.ended() {
                // An earlier attempt emitted everything, and died before it could end.
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

    /// The free slot for a prompt, and the number of leading tokens it has cached: the slot with the longest match,
    /// if that is a good part of both the prompt and the slot; else the least recently used. The last token is always
    /// decoded again, because its logits are needed.
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

    /// Decodes a batch, and samples a token for each sequence that has no pending tokens.
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

    /// After a failed batch: decodes each sequence alone, so that only those at fault fail.
    fn step_alone(&mut self, rows: &[Row], error: &DecodeError) {
        tracing::warn!(%error, rows = rows.len(), "a decode failed: going on with each sequence alone");
        for rows in rows.chunk_by(|a, b| a.sequence == b.sequence) {
            if matches!(error, DecodeError::HalfDone(_)) {
                self.reconcile(rows);
            }
        }
        for rows in rows.chunk_by(|a, b| a.sequence == b.sequence) {
            // What `reconcile` dropped must be decoded first, by a later batch.
            if !self.follows(rows) {
                continue;
            }
            match self.decode(rows) {
                Ok(()) => self.advance(rows),
                Err(error) => self.fail(rows, &error),
            }
        }
    }

    /// Truncates the model's cache to the state before a batch that failed half-way.
    fn reconcile(&mut self, rows: &[Row]) {
        let Some((number, sequence)) = self.sequence_of(rows) else { return };
        let keep = u32::try_from(sequence.decoded).unwrap_or(0);
        let left = self.decoder.truncate(number, keep);
        if let Some((_, sequence)) = self.sequence_of(rows) {
            sequence.decoded = usize::try_from(left).unwrap_or(0);
        }
    }

    /// Whether these rows directly follow the decoded tokens.
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

    fn forget(&mut self, number: u32, error: EngineError) {
        let Ok(place) = usize::try_from(number) else { return };
        if let Some(sequence) = self.vacate(place) {
            sequence.outlet.fail(error);
        }
        self.decoder.truncate(number, 0);
        self.slots[place].kept.clear();
    }

    /// Records what was decoded, and samples the next token of each sequence that has no pending ones.
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
            let logits = self.decoder.logits(index);
            let Some(token) = sequence.choose(logits, &*self.vocabulary, &mut self.scratch) else {
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
