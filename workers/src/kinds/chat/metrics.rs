//! Metrics of the chat worker. Names follow OpenTelemetry's generative AI conventions.

use std::time::Instant;

use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::{Registry, Unit},
};

pub(super) struct Metrics {
    first_token: Histogram,
    tokens_per_second: Histogram,
    tokens: Counter,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            first_token: Histogram::new([0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
            tokens_per_second: Histogram::new([1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0]),
            tokens: Counter::default(),
        };
        let registry = registry.sub_registry_with_prefix("ruche_chat");
        let help = "From the attempt's beginning to the first token";
        registry.register_with_unit("time_to_first_token", help, Unit::Seconds, metrics.first_token.clone());
        let help = "Tokens per second of one answer, after its first token";
        registry.register("tokens_per_second", help, metrics.tokens_per_second.clone());
        registry.register("completion_tokens", "Tokens generated", metrics.tokens.clone());
        metrics
    }

    pub(super) fn ended(&self, begun: Instant, first: Option<Instant>, tokens: u32) {
        self.tokens.inc_by(tokens.into());
        let Some(first) = first else { return };
        self.first_token.observe((first - begun).as_secs_f64());
        let seconds = first.elapsed().as_secs_f64();
        if tokens > 1 && seconds > 0.0 {
            self.tokens_per_second.observe(f64::from(tokens - 1) / seconds);
        }
    }
}
