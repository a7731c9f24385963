//! Documents in, to be searched in: read however they are sent, submitted as jobs of the kind `embed`, waited for.
//!
//! - [`request`]: what is asked, in the body and in the query ([`multipart`], [`fields`]).
//! - [`wait`]: submits the job and waits for it.

pub(crate) mod fields;
pub mod migrate;
pub(crate) mod multipart;
pub(crate) mod request;
pub mod routes;
pub(crate) mod wait;
