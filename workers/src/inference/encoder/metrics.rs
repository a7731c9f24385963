//! Encoder metrics for Prometheus. Names follow OpenTelemetry's generative AI conventions where there is one.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::{Registry, Unit},
};
use ruche_schemas::Kind;

/// Counters since the start. Clones share them.
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
    fn default() -> Self {
        let seconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];
        Self {
            texts: Counter::default(),
            tokens: Counter::default(),
            abandoned: Counter::default(),
            failed: Counter::default(),
            batches: Histogram::new(seconds),
            fill: Histogram::new([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]),
            waited: Histogram::new(seconds),
        }
    }
}

impl Metrics {
    /// Registers the metrics under the kind's name.
    pub fn register(&self, registry: &mut Registry, kind: &Kind) {
        let registry = registry.sub_registry_with_prefix(format!("ruche_{kind}"));
        registry.register("texts", "Texts read", self.texts.clone());
        registry.register("tokens", "Tokens read", self.tokens.clone());
        let help = "Jobs that were given up before all of their texts were read";
        registry.register("abandoned", help, self.abandoned.clone());
        registry.register("failed_batches", "Batches that failed", self.failed.clone());
        registry.register_with_unit("batch", "Time that a batch took", Unit::Seconds, self.batches.clone());
        let help = "Tokens of a batch, as a share of batch_tokens";
        registry.register("batch_fill", help, self.fill.clone());
        let help = "From a job's arrival at the encoder to its first batch";
        registry.register_with_unit("queue_wait", help, Unit::Seconds, self.waited.clone());
    }

    #[must_use]
    pub fn texts(&self) -> u64 {
        self.texts.get()
    }

    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.get()
    }

    pub(super) fn gone(&self) {
        self.abandoned.inc();
    }

    pub(super) fn begun(&self, waited: Duration) {
        self.waited.observe(waited.as_secs_f64());
    }

    pub(super) fn encoded(&self, texts: usize, tokens: usize, budget: usize, took: Duration) {
        self.texts.inc_by(texts as u64);
        self.tokens.inc_by(tokens as u64);
        self.batches.observe(took.as_secs_f64());
        // A ratio: the loss of precision is irrelevant.
        self.fill.observe((tokens as f64 / budget.max(1) as f64).min(1.0));
    }

    pub(super) fn failed(&self) {
        self.failed.inc();
    }
}
