//! The store in Postgres: short transactions, group commit ([`commits`]), a file per feature.
//!
//! Fencing: a transaction that commits, cancels or fences jobs first takes their advisory locks ([`locks`]) in a
//! statement of its own. Under `READ COMMITTED` each later statement sees everything committed before it began, so
//! the second transaction sees all writes of the first: a commit sees the fence, or the fence sees the commit. The
//! lock ends with its transaction, also when a worker dies.
//!
//! Timeouts: connections are opened lazily, so a program starts while Postgres is down. Every connection, statement,
//! idle transaction and call has a timeout; past it the call fails with
//! [`StoreError::Unavailable`](crate::StoreError::Unavailable) and may be repeated.

mod batches;
mod bots;
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
mod rows;
mod search;
mod sql;
mod templates;
mod usage;

pub use handle::Postgres;
pub use pool::{Application, ConnectError};
