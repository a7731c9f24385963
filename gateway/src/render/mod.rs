//! Markdown in, a document out, within one request where that is possible.
//!
//! The fast way touches neither the database nor the object store: a small job is ephemeral, and its document comes back
//! in its last event. What does not fit there, and what is to be kept, goes to the object store, and is sent on from there.
//!
//! - [`request`]: reads what is asked, however it is sent ([`multipart`], [`query`]).
//! - [`wait`]: submits the job and waits for its document.
//! - [`answer`]: sends the document, with what is to be known of it.
//! - [`link`]: signed links, good without a key for a while.
//! - [`template`]: templates as they come: checked by a trial.

pub(crate) mod answer;
pub(crate) mod link;
pub(crate) mod multipart;
pub(crate) mod query;
pub(crate) mod request;
pub mod routes;
pub(crate) mod template;
pub(crate) mod wait;
