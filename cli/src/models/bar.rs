//! Progress of a download: a bar on a terminal, a line per tenth elsewhere; and how one knows that it stands still.

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hf_hub::api::tokio::Progress;
use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use tokio::time::{Instant, sleep_until};

/// One download. Clones show the same.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    name: Arc<str>,
    seen: Arc<Mutex<Seen>>,
    bar: ProgressBar,
    on_terminal: bool,
}

#[derive(Debug)]
struct Seen {
    size: u64,
    done: u64,
    at: Instant,
}

impl Bar {
    pub(super) fn new(name: &str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "  {msg} {bar:30} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        let seen = Seen { size: 0, done: 0, at: Instant::now() };
        Self { name: name.into(), seen: Arc::new(Mutex::new(seen)), bar, on_terminal }
    }

    /// Returns once nothing has arrived for `limit`.
    pub(super) async fn stalled(&self, limit: Duration) {
        loop {
            let until = self.with(|seen| seen.at) + limit;
            if Instant::now() >= until {
                return;
            }
            sleep_until(until).await;
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Bar {
    async fn init(&mut self, size: usize, _filename: &str) {
        let size = size as u64;
        self.with(|seen| *seen = Seen { size, done: 0, at: Instant::now() });
        self.bar.set_length(size);
        self.bar.set_position(0);
        if !self.on_terminal {
            println!("  fetching {}, {}", self.name, DecimalBytes(size));
        }
    }

    async fn update(&mut self, more: usize) {
        self.bar.inc(more as u64);
        let (before, after) = self.with(|seen| {
            let tenth = |done: u64| done * 10 / seen.size.max(1);
            let tenths = (tenth(seen.done), tenth(seen.done + more as u64));
            seen.done += more as u64;
            seen.at = Instant::now();
            tenths
        });
        if after > before && !self.on_terminal {
            println!("  {} {} %", self.name, after * 10);
        }
    }

    async fn finish(&mut self) {
        self.bar.finish();
    }
}
