//! The store: what gateways and workers keep in Postgres and in an object store, one trait per feature. Files at this
//! level define types and traits and name no database; [`postgres`] and [`objects`] are the drivers, and `memory`
//! (feature `testing`) is an in-memory double. All pass the suites in `tests/`. Every call names its tenant; another
//! tenant's id counts as unknown.

pub mod analysis;
pub mod bots;
pub mod collections;
pub mod conversations;
pub mod documents;
pub mod entities;
mod error;
pub mod files;
pub mod filter;
pub mod fusion;
pub mod groups;
mod health;
pub mod indexes;
pub mod jobs;
pub mod keys;
pub mod ledger;
#[cfg(feature = "testing")]
pub mod memory;
pub mod models;
pub mod objects;
pub mod postgres;
pub mod retention;
pub mod search;
pub mod templates;

pub use error::{NOT_STORABLE, StoreError};
pub use health::Health;

/// What the handlers of a worker read, and what they write besides a job's end.
pub trait WorkerStore:
    conversations::Conversations + documents::DocumentStore + indexes::Indexes + templates::Templates
{
}

impl<S> WorkerStore for S where
    S: conversations::Conversations + documents::DocumentStore + indexes::Indexes + templates::Templates
{
}

/// Everything that a gateway reads and writes.
pub trait Store:
    Health
    + bots::Bots
    + collections::Collections
    + conversations::Conversations
    + documents::DocumentStore
    + files::Files
    + groups::Batches
    + jobs::Jobs
    + keys::Keys
    + models::ModelMigrations
    + search::Search
    + templates::Templates
{
}

impl<S> Store for S where
    S: Health
        + bots::Bots
        + collections::Collections
        + conversations::Conversations
        + documents::DocumentStore
        + files::Files
        + groups::Batches
        + jobs::Jobs
        + keys::Keys
        + models::ModelMigrations
        + search::Search
        + templates::Templates
{
}
