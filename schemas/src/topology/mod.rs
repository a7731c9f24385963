//! The layout of messages on NATS, as data: subjects, streams, consumers, and the permissions of each role.
//!
//! [`rows::ROWS`] has one row per stream. Everything else is computed from the rows: what the NATS adapter creates, the
//! permissions of each role, `nats/topology.json`, `nats/roles.conf` and `docs/streams.md`. To add a stream, add a row.
//!
//! - [`subjects`]: the subjects as templates, such as `event.<tenant>.<job>`.
//! - [`names`]: subjects and streams under one prefix.
//! - [`sources`]: lanes and their shards.
//! - [`rows`]: the streams, and who may use them.
//! - [`streams`]: the streams for some kinds, as [`server`] configuration.
//! - [`roles`]: the permissions of each role.
//! - [`markdown`]: the page for people.

pub mod bounds;
pub mod markdown;
pub mod names;
pub mod roles;
pub mod rows;
pub mod server;
pub mod sources;
pub mod streams;
pub mod subjects;
#[cfg(test)]
mod tests;
