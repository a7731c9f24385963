//! The bounds of one job of a kind, each with a name.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The largest body, in bytes of JSON.
    pub payload_bytes: usize,
    /// The longest run of one attempt.
    pub deadline: Duration,
    /// The number of attempts before a job becomes a dead letter.
    pub attempts: u32,
    pub backoff: Backoff,
}

/// Exponential delay with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The upper bound of the first delay.
    pub base: Duration,
    /// The growth of the bound with each attempt.
    pub factor: f64,
    /// The highest bound.
    pub cap: Duration,
}

impl Backoff {
    /// `attempt` is the failed one, from 1; `random` is a number in `0.0..1.0`.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let bound = self.base.as_secs_f64() * self.factor.powi(exponent);
        Duration::from_secs_f64(bound.min(self.cap.as_secs_f64()) * random.clamp(0.0, 1.0))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), factor: 2.0, cap: Duration::from_secs(60) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_grows_to_its_cap_and_never_over_it() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(1, 1.0), Duration::from_secs(1));
        assert_eq!(backoff.delay(4, 1.0), Duration::from_secs(8));
        assert_eq!(backoff.delay(4, 0.5), Duration::from_secs(4));
        assert_eq!(backoff.delay(u32::MAX, 1.0), Duration::from_secs(60));
    }
}
