//! Documents in, to be searched in; collections of them, and their way from one embedding model to another.
//!
//! - [`request`]: a document as it is sent ([`multipart`], [`fields`]); [`service`]: its job.
//! - [`index`]: the documents that are searched in; [`collections`]: what they are kept in.
//! - [`migrate`]: a collection to another model. - [`routes`]: the operations.

pub mod collections;
pub mod fields;
pub mod index;
pub mod migrate;
pub mod multipart;
pub mod request;
pub mod routes;
pub mod service;
