//! The bounds that every bus keeps.

use std::time::Duration;

/// The largest job as a message, headers included, in bytes: the server's default of 1 MiB less what a dead letter adds
/// to its job.
pub const MAX_JOB_BYTES: usize = (1 << 20) - MAX_DEAD_LETTER_OVERHEAD;

/// What a dead letter may add to its job, in bytes.
pub const MAX_DEAD_LETTER_OVERHEAD: usize = 16 << 10;

/// A job id that is published again within this window is a duplicate. Later duplicates are found by the ledger.
pub const DEDUP_WINDOW: Duration = Duration::from_secs(15 * 60);

/// How long a worker's registration lasts. Workers renew it three times as often.
pub const REGISTRATION_TTL: Duration = Duration::from_secs(30);

/// The oldest NATS server that has every feature the streams need.
pub const REQUIRED_SERVER: (u32, u32) = (2, 14);
