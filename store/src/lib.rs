//! How it is kept: what gateways and workers keep in Postgres and in an object store, one trait a feature.
//!
//! Each file at this level has the types and the trait of one feature and names no database. [`postgres`] and [`objects`] hold
//! the drivers; `memory` (feature `testing`) keeps the same without a server. All pass the suites in `tests/`.
//!
//! - [`ledger`]: how jobs end, once each; [`jobs`]: lists of them; [`groups`]: jobs that are counted together.
//! - [`conversations`], [`files`] (rendered documents), [`templates`], [`bots`], [`keys`].
//! - [`collections`], [`documents`], [`models`] (from one embedding model to another), [`search`], [`indexes`].
//! - [`objects`]: what is too large for a message.
//!
//! **Tenants.** Everything is asked for with its tenant: another tenant's id is as unknown as one that never was.

pub mod bots;
pub mod collections;
pub mod conversations;
pub mod documents;
pub mod entities;
mod error;
pub mod files;
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
pub mod search;
pub mod templates;

pub use error::{NOT_STORABLE, StoreError};
pub use health::Health;

/// All that a gateway reads and writes, for whoever puts one together.
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
