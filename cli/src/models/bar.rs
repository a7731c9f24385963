//! Progress of a download: a bar on a terminal, a line per tenth elsewhere.

use std::io::IsTerminal;

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

#[derive(Debug)]
pub(super) struct Bar {
    name: String,
    bar: ProgressBar,
    on_terminal: bool,
}

impl Bar {
    pub(super) fn new(name: &str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        // Off a terminal it counts, and shows nothing.
        let bar = if on_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "  {msg} {bar:30} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        Self { name: name.to_owned(), bar, on_terminal }
    }

    /// Begins a try, with the first `done` bytes of `size` already here.
    pub(super) fn start(&self, done: u64, size: u64) {
        let is_first = self.bar.length().is_none_or(|length| length == 0);
        self.bar.set_length(size);
        self.bar.set_position(done);
        if is_first && !self.on_terminal {
            println!("  fetching {}, {}", self.name, DecimalBytes(size));
        }
    }

    pub(super) fn advance(&self, bytes: u64) {
        let tenths = || self.bar.position() * 10 / self.bar.length().unwrap_or(0).max(1);
        let before = tenths();
        self.bar.inc(bytes);
        let after = tenths();
        if after > before && !self.on_terminal {
            println!("  {} {} %", self.name, after * 10);
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
