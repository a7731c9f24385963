//! How it is kept: what gateways and workers keep in Postgres and in an object store, one trait a feature.
//!
//! Each file at this level has the types and the trait of one feature and names no database. [`postgres`] and [`objects`] hold
//! the drivers; `memory` (feature `testing`) is the same without a server. All pass the suites in `tests/`.

pub mod bots;
pub mod collections;
pub mod conversations;
pub mod documents;
pub mod entities;
pub mod files;
pub mod indexes;
pub mod jobs;
pub mod keys;
pub mod ledger;
#[cfg(feature = "testing")]
pub mod memory;
pub mod models;
pub mod objects;
pub mod postgres;
pub mod search;
pub mod templates;
