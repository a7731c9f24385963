//! Metrics of the render worker.

use crate::metrics::{Measure, Metric};

pub static DURATION: Metric = Metric {
    name: "duration",
    help: "From the start of a document to its bytes or its failure, with the wait for a free process",
    measure: Measure::Seconds(&[0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]),
};
pub static PAGES: Metric = Metric { name: "pages", help: "Pages written", measure: Measure::Counter };
pub(super) const METRICS: &[&Metric] = &[&DURATION, &PAGES];
