//! Tables and percentiles.

use comfy_table::{Table, presets::ASCII_MARKDOWN};
use hdrhistogram::Histogram;

/// A table in Markdown, as benches/README.md keeps it.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header);
    table
}

/// Latencies in microseconds.
pub struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new(3)?))
    }

    pub fn add(&mut self, latency: std::time::Duration) {
        // A latency over the histogram's range (centuries) can't be.
        let _ = self.0.record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// This quantile, in milliseconds.
    pub fn ms(&self, quantile: f64) -> String {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark are far below 2^52")]
        let ms = self.0.value_at_quantile(quantile) as f64 / 1000.0;
        format!("{ms:.2}")
    }
}
