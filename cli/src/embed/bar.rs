//! The progress of a collection: a bar on a terminal, a line per tenth elsewhere.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

pub(super) struct Bar {
    name: String,
    bar: Option<ProgressBar>,
    /// The last tenth that was printed.
    tenth: Option<u64>,
    quiet: bool,
}

impl Bar {
    pub(super) fn new(name: &str, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("  {prefix} {bar:30} {pos}/{len} documents, {msg}{eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self { name: name.to_owned(), bar, tenth: None, quiet }
    }

    pub(super) fn at(&mut self, done: u64, documents: u64, failed: u64) {
        let failed = if failed > 0 { format!("{failed} failed, ") } else { String::new() };
        if let Some(bar) = &self.bar {
            bar.set_length(documents);
            bar.set_position(done);
            bar.set_message(failed);
            return;
        }
        let tenth = done * 10 / documents.max(1);
        if !self.quiet && self.tenth.is_none_or(|before| tenth > before) {
            self.tenth = Some(tenth);
            output::note(&format!("  {}: {done} of {documents} documents", self.name));
        }
    }

    /// Prints a line beside it.
    pub(super) fn note(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(line)),
            None => output::note(line),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
