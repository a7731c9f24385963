//! What is said and kept: the words that gateways, workers and programs share.
//!
//! Pure data: no socket, no clock, no thread. Whoever reads a job, an event or a row reads these types, so a
//! change here is a change of the protocol and goes through [`jobs::Job::VERSION`].
//!
//! - [`ids`]: who and what: tenants, jobs, kinds, lanes.
//! - [`envelope`]: a job on its way.
//! - [`claim`]: a ticket for what is too large for a message.
//! - [`base64`]: bytes in JSON.
//! - [`event`]: what a job says while it lives.
//! - [`flow`]: what a job's end starts.
//! - [`failure`]: what went wrong, in words for the person who sent it.
//! - [`jobs`]: one file per kind.
//! - [`config`]: one commented file, a struct per section.
//! - [`documents`]: JSON Schemas and AsyncAPI, for programs in other languages.
//! - [`vectors`]: what workers and gateways agree on about indexes over vectors.
//! - `tables`: the rows in Postgres (feature `tables`).

pub mod base64;
pub mod claim;
pub mod config;
pub mod documents;
pub mod envelope;
pub mod event;
pub mod failure;
pub mod flow;
pub mod front;
pub mod ids;
pub mod jobs;
pub mod limits;
#[cfg(feature = "tables")]
pub mod tables;
pub mod vectors;

pub use base64::Base64;
pub use claim::{CLAIM_BYTES, Claim};
pub use envelope::Envelope;
pub use event::{EventType, Record};
pub use failure::{Failure, Invalid};
pub use ids::{JobId, JobRef, Kind, Lane, TenantId};
pub use jobs::Job;
pub use limits::{Backoff, Limits};
