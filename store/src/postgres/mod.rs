//! What is kept in Postgres: short transactions, one for all commits that wait ([`commits`]), a file for each feature.
//!
//! **Why fencing holds.** A transaction that commits, cancels or fences jobs begins by taking the advisory lock of each of them
//! ([`locks`]), in a statement of its own. Under `READ COMMITTED` each later statement sees all that was committed before it began,
//! so whoever gets the lock second sees everything that the first one wrote: a commit sees the fence, or the fence sees the
//! commit. The lock lives in memory and ends with its transaction, also when a worker dies.
//!
//! **Why nothing hangs.** Connections are opened when they are needed, so a program starts and waits while Postgres is down. Each
//! connection, statement and idle transaction has a bound, and so has each call of a worker; past it the call is
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
