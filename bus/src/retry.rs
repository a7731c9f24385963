//! Delays between retries: exponential, bounded, and random within a factor of two, so that a fleet does not act as
//! one.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

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
        Backoff { policy: self, delays: self.exponential(), until: None }
    }

    /// For this time in all.
    #[must_use]
    pub fn delays_within(self, time: Duration) -> Backoff {
        Backoff { until: Some(Instant::now() + time), ..self.delays() }
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
    until: Option<Instant>,
}

impl Backoff {
    #[must_use]
    pub fn next_delay(&mut self) -> Duration {
        self.delays.next().unwrap_or(self.policy.longest)
    }

    /// Waits before the next try. False: the time in all is over.
    pub async fn wait(&mut self) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        tokio::time::sleep(self.next_delay()).await;
        true
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

    #[tokio::test(start_paused = true)]
    async fn a_bounded_series_ends_when_its_time_is_over() {
        let second = Duration::from_secs(1);
        let (start, mut delays) = (Instant::now(), RetryPolicy::new(second, second).delays_within(5 * second));
        while delays.wait().await {}
        assert!((5..=6).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    }
}
