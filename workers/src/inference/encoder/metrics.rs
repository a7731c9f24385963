//! What an encoder counts.

use std::time::Duration;

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use ruche_schemas::metrics::encoder::{ABANDONED, BATCH, FAILED, FILL, TEXTS, TOKENS, WAIT};

use crate::kind_metrics::KindMetrics;

/// Counters since the start. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    texts: Counter,
    tokens: Counter,
    abandoned: Counter,
    failed: Counter,
    batches: Histogram,
    fill: Histogram,
    waited: Histogram,
}

impl Default for Metrics {
    /// Exported nowhere.
    fn default() -> Self {
        Self::new(&KindMetrics::default())
    }
}

impl Metrics {
    #[must_use]
    pub fn new(listed: &KindMetrics) -> Self {
        Self {
            texts: listed.counter(&TEXTS),
            tokens: listed.counter(&TOKENS),
            abandoned: listed.counter(&ABANDONED),
            failed: listed.counter(&FAILED),
            batches: listed.histogram(&BATCH),
            fill: listed.histogram(&FILL),
            waited: listed.histogram(&WAIT),
        }
    }

    #[must_use]
    pub fn texts(&self) -> u64 {
        self.texts.get()
    }

    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.get()
    }

    pub(super) fn count_abandoned(&self) {
        self.abandoned.inc();
    }

    pub(super) fn started(&self, waited: Duration) {
        self.waited.observe(waited.as_secs_f64());
    }

    pub(super) fn encoded(&self, texts: usize, tokens: usize, budget: usize, took: Duration) {
        self.texts.inc_by(texts as u64);
        self.tokens.inc_by(tokens as u64);
        self.batches.observe(took.as_secs_f64());
        // A ratio for people: what is lost of a large number does not matter.
        self.fill.observe((tokens as f64 / budget.max(1) as f64).min(1.0));
    }

    pub(super) fn failed(&self) {
        self.failed.inc();
    }
}
