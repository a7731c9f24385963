//! The bounds of every bus.

use std::time::Duration;

/// The largest job as a message, headers included: the server's default of 1 MiB less [`MAX_DEAD_LETTER_OVERHEAD`].
pub const MAX_JOB_BYTES: usize = (1 << 20) - MAX_DEAD_LETTER_OVERHEAD;

/// The most bytes that a dead letter adds to its job.
pub const MAX_DEAD_LETTER_OVERHEAD: usize = 16 << 10;

/// A job id that is published again within this window is a duplicate. The ledger finds later duplicates.
pub const DEDUP_WINDOW: Duration = Duration::from_secs(15 * 60);

/// How long a worker's registration lasts. Workers renew it three times as often.
pub const REGISTRATION_TTL: Duration = Duration::from_secs(30);

/// The oldest NATS server with all features that the streams need.
pub const REQUIRED_SERVER: (u32, u32) = (2, 14);
