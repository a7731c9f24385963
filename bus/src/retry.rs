//! Delays between retries: exponential, bounded, and random within a factor of two, so that a fleet does not act as
//! one.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Each delay is twice the one before it, up to the longest. The actual delay is a random time between half of that
/// and all of it.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    first: Duration,
    longest: Duration,
}

impl RetryPolicy {
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// Without end.
    #[must_use]
    pub fn delays(self) -> Backoff {
        Backoff { policy: self, delays: self.exponential() }
    }

    fn exponential(self) -> ExponentialBackoff {
        // backon adds to each delay a random part of at most the delay itself.
        let builder = ExponentialBuilder::new().with_min_delay(self.first / 2).with_max_delay(self.longest / 2);
        builder.with_jitter().without_max_times().build()
    }
}

#[derive(Debug)]
pub struct Backoff {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
}

impl Backoff {
    #[must_use]
    pub fn next_delay(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.policy.longest)
    }

    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }

    /// Restarts with the first delay, after a success.
    pub fn reset(&mut self) {
        self.delays = self.policy.exponential();
    }
}

/// A random time between half of this time and all of it.
#[must_use]
pub fn jittered(time: Duration) -> Duration {
    time.mul_f64(rand::random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_begin_again_after_a_success() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_millis(500));
        let mut delays = RetryPolicy::new(first, longest).delays();
        for _ in 0..2 {
            for bound in [100, 200, 400, 500, 500, 500].map(Duration::from_millis) {
                let delay = delays.next_delay();
                assert!(bound / 2 <= delay && delay <= bound, "{delay:?} of {bound:?}");
            }
            delays.reset();
        }
    }
}
