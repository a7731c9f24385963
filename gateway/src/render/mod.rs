//! Markdown in, a document out, within one request where that is possible.
//!
//! The fast way touches neither the database nor the object store: a small job is ephemeral, and its document comes back
//! in its last event. A document that does not fit there, or is to be kept, goes to the object store, and is sent from there.
//!
//! - [`request`]: a render as it is sent ([`multipart`], [`query`]). - [`service`]: its job, and the wait for its document.
//! - [`answerer`], [`answer`]: the document in the answer. - [`stored`]: documents that are kept; [`link`]: signed links.
//! - [`templates`]: templates, checked by a trial. - [`routes`]: the operations.

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
