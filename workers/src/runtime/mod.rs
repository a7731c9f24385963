//! Runs jobs: pulls as many as there are free slots, and settles each only after its outcome is stored.
//!
//! It has no code for single kinds. [`settle`] is the only place that acks, naks or terminates, so commit-before-ack
//! can be checked by reading one function.
//!
//! - [`pull`]: takes jobs off the queue. - [`pools`]: whether a job is for other workers. - [`admission`]: whether it
//!   may run now. - [`attempt`]: runs it.
//! - [`settle`], [`commit`], [`follow_ups`], [`groups`]: a job's end. - [`claims`], [`documents`]: large payloads. -
//!   [`heartbeat`].
//! - [`cancellations`], [`pauses`], [`caps`]: orders from clients and operators. - [`registration`]: the worker's
//!   status.

mod admission;
mod attempt;
pub(crate) mod blocked;
mod cancellations;
mod caps;
mod claims;
mod commit;
pub(crate) mod context;
pub(crate) mod deadline;
pub(crate) mod documents;
pub(crate) mod event_log;
pub(crate) mod follow_ups;
mod groups;
mod heartbeat;
pub(crate) mod job_error;
mod listen;
pub(crate) mod metrics;
pub(crate) mod options;
mod pauses;
mod pools;
mod pull;
mod registration;
pub(crate) mod reports;
pub(crate) mod retry;
pub(crate) mod scope;
mod settle;
mod shared;
pub(crate) mod shutdown;

pub use context::Context;
pub use event_log::{EventLog, LogError};
pub use follow_ups::FollowUps;
pub use job_error::JobError;
pub use metrics::Metrics;
pub use options::{Options, Parts, versions};
pub use pull::run;
pub use retry::RETRY;
pub use shutdown::Shutdown;
