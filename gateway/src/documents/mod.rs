//! Documents and collections: add, search, migrate to another embedding model.
//!
//! - [`request`]: reads a document ([`multipart`], [`fields`], [`raw`]); [`service`]: submits its job.
//! - [`index`]: indexed documents; [`collections`]. - [`migrate`]: another model. - [`routes`]: the operations.

pub mod collections;
pub mod fields;
pub mod handling;
pub mod index;
pub mod migrate;
pub mod multipart;
pub mod raw;
pub mod request;
pub mod routes;
pub mod service;
