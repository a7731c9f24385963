//! What the chat worker counts.

use std::time::Instant;

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use ruche_schemas::kinds::chat::metrics::{COMPLETION_TOKENS, FIRST_TOKEN, TOKENS_PER_SECOND};

use crate::kind_metrics::KindMetrics;

pub(super) struct Metrics {
    first_token: Histogram,
    tokens_per_second: Histogram,
    tokens: Counter,
}

impl Metrics {
    pub(super) fn new(listed: &KindMetrics) -> Self {
        Self {
            first_token: listed.histogram(&FIRST_TOKEN),
            tokens_per_second: listed.histogram(&TOKENS_PER_SECOND),
            tokens: listed.counter(&COMPLETION_TOKENS),
        }
    }

    pub(super) fn ended(&self, start: Instant, first: Option<Instant>, tokens: u32) {
        self.tokens.inc_by(tokens.into());
        let Some(first) = first else { return };
        self.first_token.observe((first - start).as_secs_f64());
        let seconds = first.elapsed().as_secs_f64();
        if tokens > 1 && seconds > 0.0 {
            self.tokens_per_second.observe(f64::from(tokens - 1) / seconds);
        }
    }
}
