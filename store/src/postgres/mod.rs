//! The store in Postgres: short transactions, group commit ([`commits`]), advisory locks ([`locks`]), a file per
//! feature. Connections are opened lazily, so a program starts while Postgres is down. Every connection, statement,
//! idle transaction and call has a timeout; past it the call fails as unavailable and may be repeated.

mod batches;
mod bots;
mod chunks;
mod collections;
mod commits;
mod connect;
mod conversations;
mod documents;
mod error;
mod fences;
mod files;
mod groups;
mod handle;
mod indexes;
mod indexing;
mod jobs;
mod keys;
mod ledger;
mod locks;
mod models;
mod pool;
mod queue;
mod retention;
mod rows;
mod search;
mod sql;
mod templates;
mod usage;

pub use handle::Postgres;
pub use pool::{Application, ConnectError};
