//! Waiting for a server that is down: jittered, growing, bounded.

use std::time::Duration;

use ruche_schemas::Backoff;
use tokio::time::Instant;

const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), factor: 2.0, cap: Duration::from_secs(5) };

/// Counts the tries against one server and spaces them.
#[derive(Debug)]
pub struct Patience {
    until: Option<Instant>,
    tries: u32,
}

impl Patience {
    /// Patience that ends after this long.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { until: Some(Instant::now() + longest), tries: 0 }
    }

    /// Patience that ends only with the task that has it: for what must not be given up, inside something that is
    /// itself bounded.
    #[must_use]
    pub const fn endless() -> Self {
        Self { until: None, tries: 0 }
    }

    /// Waits before the next try; at most about 5 s. False: it has lasted long enough.
    pub async fn wait(&mut self) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        self.tries = self.tries.saturating_add(1);
        // At least half of the delay: a server that comes back is not to be met by everybody at once, nor hammered.
        let delay = BACKOFF.delay(self.tries, 0.5 + rand::random::<f64>() / 2.0);
        tokio::time::sleep(delay).await;
        true
    }
}
