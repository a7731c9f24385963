//! How a worker waits for an unavailable server: with jitter, so that a recovered one does not get all requests at
//! once.

use std::time::Duration;

use ruche_bus::retry::RetryPolicy;

pub const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), LONGEST);

/// The longest pause.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
