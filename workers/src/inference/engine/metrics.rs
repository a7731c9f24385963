//! Engine counters for /metrics and tests, written by the engine's thread only.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters since the start, and two gauges.
#[derive(Debug, Default)]
pub struct Metrics {
    active: AtomicU64,
    waiting: AtomicU64,
    prompt_tokens: AtomicU64,
    reused_tokens: AtomicU64,
    generated_tokens: AtomicU64,
    decodes: AtomicU64,
    decode_micros: AtomicU64,
    failed_decodes: AtomicU64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub active: u64,
    pub waiting: u64,
    pub prompt_tokens: u64,
    /// Prompt tokens still cached from an earlier request, hence not decoded.
    pub reused_tokens: u64,
    pub generated_tokens: u64,
    pub decodes: u64,
    /// Total time of decodes, in microseconds.
    pub decode_micros: u64,
    pub failed_decodes: u64,
}

impl Metrics {
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            active: self.active.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            prompt_tokens: self.prompt_tokens.load(Relaxed),
            reused_tokens: self.reused_tokens.load(Relaxed),
            generated_tokens: self.generated_tokens.load(Relaxed),
            decodes: self.decodes.load(Relaxed),
            decode_micros: self.decode_micros.load(Relaxed),
            failed_decodes: self.failed_decodes.load(Relaxed),
        }
    }

    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Relaxed);
        Waiting(self)
    }

    pub(super) fn set_active(&self, sequences: usize) {
        self.active.store(sequences as u64, Relaxed);
    }

    pub(super) fn reused(&self, tokens: usize) {
        self.reused_tokens.fetch_add(tokens as u64, Relaxed);
    }

    pub(super) fn read(&self, prompt_tokens: usize) {
        self.prompt_tokens.fetch_add(prompt_tokens as u64, Relaxed);
    }

    pub(super) fn generated(&self) {
        self.generated_tokens.fetch_add(1, Relaxed);
    }

    pub(super) fn decoded(&self, took: std::time::Duration, failed: bool) {
        self.decodes.fetch_add(1, Relaxed);
        self.decode_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.failed_decodes.fetch_add(u64::from(failed), Relaxed);
    }
}

/// Counts a request as waiting until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Metrics);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}
