//! The metrics of a kind's workers, as data.

/// The full name is `ruche_<kind>_<name>`, then the suffixes of its measure.
#[derive(Debug, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub help: &'static str,
    pub measure: Measure,
}

#[derive(Debug, PartialEq)]
pub enum Measure {
    Counter,
    /// A histogram without a unit, with these upper bounds.
    Values(&'static [f64]),
    /// A histogram of seconds, with these upper bounds.
    Seconds(&'static [f64]),
}

impl Metric {
    /// The name in an OpenMetrics scrape; a histogram adds `_bucket`, `_sum` and `_count`.
    #[must_use]
    pub fn full_name(&self, kind: &str) -> String {
        let suffix = match self.measure {
            Measure::Counter => "_total",
            Measure::Values(_) => "",
            Measure::Seconds(_) => "_seconds",
        };
        format!("ruche_{kind}_{}{suffix}", self.name)
    }
}

const SECONDS: &[f64] = &[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

/// Metrics of workers that read texts with an encoder.
pub mod encoder {
    use super::{Measure, Metric, SECONDS};

    pub static TEXTS: Metric = Metric { name: "texts", help: "Texts read", measure: Measure::Counter };
    pub static TOKENS: Metric = Metric { name: "tokens", help: "Tokens read", measure: Measure::Counter };
    pub static ABANDONED: Metric = Metric {
        name: "abandoned",
        help: "Jobs that were cancelled before all of their texts were read",
        measure: Measure::Counter,
    };
    pub static FAILED: Metric =
        Metric { name: "failed_batches", help: "Batches that failed", measure: Measure::Counter };
    pub static BATCH: Metric =
        Metric { name: "batch", help: "Time that a batch took", measure: Measure::Seconds(SECONDS) };
    pub static FILL: Metric = Metric {
        name: "batch_fill",
        help: "Tokens of a batch, as a share of batch_tokens",
        measure: Measure::Values(&[0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]),
    };
    pub static WAIT: Metric = Metric {
        name: "queue_wait",
        help: "From a job's arrival at the encoder to its first batch",
        measure: Measure::Seconds(SECONDS),
    };
    pub const ALL: &[&Metric] = &[&TEXTS, &TOKENS, &ABANDONED, &FAILED, &BATCH, &FILL, &WAIT];
}
