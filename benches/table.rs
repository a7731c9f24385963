//! Tables and percentiles.

use std::time::Duration;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

/// In Markdown, as in benches/README.md.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header);
    table
}

/// All latencies of one run: at most some hundred thousand.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// The smallest latency that this share of all does not exceed, in milliseconds; 0 without any.
    pub fn ms(&self, quantile: f64) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a quantile of a benchmark's latencies is far below 2^52"
        )]
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        let latency = sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        format!("{:.2}", latency.as_secs_f64() * 1000.0)
    }
}
