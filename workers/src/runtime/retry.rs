//! Waits for an unavailable server: jittered, growing, bounded.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// The shortest and the longest pause. Jitter at most doubles it, so that a recovered server does not get all
/// requests at once.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(2_500));

/// Spaces the tries against one server, and bounds them.
#[derive(Debug)]
pub struct RetryPolicy {
    until: Option<Instant>,
    pauses: ExponentialBackoff,
}

impl RetryPolicy {
    /// `longest`: the total time.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { until: Some(Instant::now() + longest), ..Self::endless() }
    }

    /// Unbounded, for what must not be given up, inside of something bounded.
    #[must_use]
    pub fn endless() -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(PAUSE.0).with_max_delay(PAUSE.1);
        Self { until: None, pauses: pauses.with_jitter().without_max_times().build() }
    }

    /// Waits before the next try, at most 5 s. False: the time is over.
    pub async fn wait(&mut self) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        tokio::time::sleep(self.pauses.next().unwrap_or(PAUSE.1)).await;
        true
    }
}
