//! How jobs and events travel: one port, two adapters, one contract.
//!
//! What is accepted here is never lost and is handed out again until somebody settles it; a job's log has one
//! writer at a time. Gateways and workers know only this port, so that everything above it can be tested on
//! [`memory`] and runs on [`nats`]. Both pass the suite in `tests/contract.rs`.
//!
//! - [`port`]: the traits and errors.
//! - [`nats`], [`memory`]: the adapters.
//! - [`objects`]: what is too large for a message, in an object store.
//! - [`retry`]: delays between retries.
//! - [`trace`]: W3C trace context in message headers.
//! - [`telemetry`]: logs, traces and metrics of a process that uses the bus.

pub mod memory;
pub mod nats;
pub mod objects;
pub mod port;
mod recur;
pub mod retry;
mod round_robin;
pub mod telemetry;
pub mod trace;

pub use port::*;
