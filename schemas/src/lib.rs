//! The messages and settings that gateways, workers and programs share.
//!
//! Pure data: no socket, no clock, no thread. A change here changes the protocol, so it raises [`Job::VERSION`].
//!
//! - [`ids`]: names of tenants, jobs, kinds and lanes.
//! - [`envelope`]: a job as a message.
//! - [`claim`]: a reference to a body or result that is too large for a message.
//! - [`clock`]: the time, as an argument.
//! - [`base64`]: bytes in JSON.
//! - [`event`]: the log of a job.
//! - [`bots`]: the definition of a bot.
//! - [`flow`]: the jobs that a job's end starts.
//! - [`failure`]: errors, written for the person who sent the job.
//! - [`plain`]: what deserializers say, in plain words.
//! - [`kinds`]: one file per kind, and the list of them.
//! - [`lenient`], [`duplicates`]: reading of JSON with unknown fields, and with a name twice.
//! - [`models`], [`metrics`], [`settings`]: a kind's models, metrics and section of the configuration.
//! - [`config`]: all sections together: defaults, file, environment.
//! - [`documents`]: JSON Schemas and AsyncAPI, for programs in other languages.
//! - [`topology`]: subjects, streams, consumers on NATS, and the permissions of each role.
//! - [`vectors`]: what workers and gateways share about vector indexes.

pub mod base64;
pub mod bots;
pub mod claim;
pub mod clock;
pub mod config;
pub mod date;
mod descriptor;
pub mod documents;
pub mod duplicates;
pub mod envelope;
pub mod event;
pub mod failure;
pub mod flow;
pub mod front;
pub mod ids;
mod job;
pub mod kinds;
pub mod language;
pub mod lenient;
pub mod limits;
pub mod links;
pub mod metrics;
pub mod models;
mod objects;
pub mod plain;
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
