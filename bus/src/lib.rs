//! How jobs and events travel: one port, two adapters, one contract.
//!
//! An accepted job is never lost and is redelivered until it is settled; a job's log has one writer at a time.
//! Gateways and workers use only the port, so everything above it is tested on [`memory`] and runs on [`nats`]. Both
//! adapters pass the suite in `tests/contract.rs`.
//!
//! [`port`]: the traits and errors. [`nats`], [`memory`]: the adapters. [`retry`]: delays between retries. [`trace`]:
//! W3C trace context in message headers. [`telemetry`]: logs and traces of a process.

pub mod memory;
pub mod nats;
pub mod port;
mod recur;
pub mod retry;
mod round_robin;
pub mod telemetry;
pub mod trace;

pub use port::*;
