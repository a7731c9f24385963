//! Metrics of the chat worker. Names follow OpenTelemetry's conventions for generative AI.

use crate::metrics::{Measure, Metric};

pub static FIRST_TOKEN: Metric = Metric {
    name: "time_to_first_token",
    help: "From the attempt's beginning to the first token",
    measure: Measure::Seconds(&[0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
};
pub static TOKENS_PER_SECOND: Metric = Metric {
    name: "tokens_per_second",
    help: "Tokens per second of one answer, after its first token",
    measure: Measure::Values(&[1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0]),
};
pub static COMPLETION_TOKENS: Metric =
    Metric { name: "completion_tokens", help: "Tokens generated", measure: Measure::Counter };
pub(super) const METRICS: &[&Metric] = &[&FIRST_TOKEN, &TOKENS_PER_SECOND, &COMPLETION_TOKENS];
