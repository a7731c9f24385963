//! Markdown in, a document out, in one request if possible.
//!
//! The fast path uses neither database nor object store: a small job is ephemeral, and its document is in its last
//! event. A document that does not fit, or is to be stored, goes through the object store.
//!
//! - [`request`] ([`multipart`], [`query`]): reads a render. - [`service`]: its job. - [`answerer`], [`answer`]: the
//!   answer.
//! - [`stored`]: stored documents; [`link`]: signed links. - [`templates`]. - [`routes`].

pub mod answer;
pub mod answerer;
pub mod link;
pub mod multipart;
pub mod query;
pub mod request;
pub mod routes;
pub mod service;
pub mod stored;
pub mod templates;
