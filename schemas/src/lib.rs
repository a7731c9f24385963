//! What is said and kept: the words that gateways, workers and programs share.
//!
//! Pure data: no socket, no clock, no thread. Whoever reads a job, an event or a row reads these types, so a
//! change here is a change of the protocol and goes through [`kinds::Job::VERSION`].
//!
//! - [`ids`]: who and what: tenants, jobs, kinds, lanes.
//! - [`envelope`]: a job on its way.
//! - [`claim`]: a ticket for what is too large for a message.
//! - [`base64`]: bytes in JSON.
//! - [`event`]: what a job says while it lives.
//! - [`bots`]: what a bot is.
//! - [`flow`]: what a job's end starts.
//! - [`failure`]: what went wrong, in words for the person who sent it.
//! - [`kinds`]: one file per kind.
//! - [`config`]: one commented file, a struct per section.
//! - [`documents`]: JSON Schemas and AsyncAPI, for programs in other languages.
//! - [`topology`]: subjects, streams, consumers on NATS, and what each role may do.
//! - [`vectors`]: what workers and gateways agree on about indexes over vectors.

pub mod base64;
pub mod bots;
pub mod claim;
pub mod config;
mod descriptor;
pub mod documents;
pub mod envelope;
pub mod event;
pub mod failure;
pub mod flow;
pub mod ids;
mod job;
pub mod kinds;
pub mod limits;
pub mod models;
pub mod settings;
pub mod topology;
pub mod vectors;

pub use base64::Base64;
pub use claim::{CLAIM_BYTES, Claim};
pub use envelope::Envelope;
pub use event::{EventType, Record};
pub use failure::{Failure, Invalid};
pub use ids::{JobId, JobRef, Kind, Lane, TenantId};
pub use job::{Job, OutcomeOf};
pub use limits::{Backoff, Limits};
