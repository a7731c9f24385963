//! Jobs, events, dead letters and workers, as they cross the port.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
pub use ruche_schemas::topology::bounds::REGISTRATION_TTL;
use ruche_schemas::{Failure, JobRef, Kind, Lane, Record};
use serde::{Deserialize, Serialize};

/// Headers that travel with a message: lower-case names, such as `traceparent`.
pub type Headers = BTreeMap<String, String>;

/// A job to publish.
#[derive(Debug, Clone)]
pub struct Message {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind: which queue.
    pub kind: Kind,
    /// Its lane within the queue.
    pub lane: Lane,
    /// The envelope as JSON, at most 1 MiB less headers.
    pub payload: Bytes,
    /// Headers, the trace context among them.
    pub headers: Headers,
    /// The sequence of the first event of its log, if the publisher has written it: the worker can append without a read.
    pub first_seq: Option<u64>,
}

/// The bus holds the job durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// A job with this id was accepted before (within the dedup window): nothing was added.
    pub duplicate: bool,
}

/// A job could not be accepted. Nothing was published, or it is not known whether it was: publishing the same id
/// again is always safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The backlog of this kind is at its cap.
    #[error("the queue of {kind} jobs is full: workers must catch up first")]
    Full {
        /// Which queue.
        kind: Kind,
    },
    /// A tenant's backlog of this kind and lane is at its cap.
    #[error("the tenant's backlog of {kind} jobs is full: workers must catch up first")]
    TenantFull {
        /// Which queue.
        kind: Kind,
    },
    /// No such queue.
    #[error("there is no queue for jobs of kind {kind}")]
    UnknownKind {
        /// Which queue.
        kind: Kind,
    },
    /// The message is larger than the bus carries.
    #[error("the job has {bytes} bytes: at most {max} can be published")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// The bus can't be reached or does not answer.
    #[error("the message bus is not available: {0}")]
    Unavailable(String),
}

/// The bus can't be reached or does not answer: try again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message bus is not available: {0}")]
pub struct Unavailable(pub String);

/// An event could not be appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log has moved on: its last event is not the one named. Read [`Bus::last`] to see who wrote.
    #[error("somebody else has written to the job's log")]
    Conflict,
    /// The bus can't be reached or does not answer; the event may or may not be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its position in the log's stream: what the next [`Bus::append`] names. Never 0.
    pub sequence: u64,
    /// The event.
    pub record: Record,
}

/// A job that nobody will try again, with all it takes to replay it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// Why it is dead.
    pub failure: Failure,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// The W3C trace id of its last attempt, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The payload, as published (lossy where it is not UTF-8).
    pub payload: String,
    /// The headers, as published.
    pub headers: Headers,
}

/// How much waits in one lane of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// Which kind.
    pub kind: Kind,
    /// Which lane.
    pub lane: Lane,
    /// Jobs that no worker has.
    pub waiting: u64,
    /// Jobs that a worker has and has not settled.
    pub in_flight: u64,
    /// For how long the oldest job that no worker has waits; `None` when there is none.
    pub oldest: Option<Duration>,
}

/// What a worker registers about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerRegistration {
    /// The kind that it works on.
    pub kind: Kind,
    /// Its name: host and process, of `A-Z a-z 0-9 _ -`.
    pub worker: String,
    /// Its machine.
    #[serde(default)]
    pub host: String,
    /// What its operator says of it: `zone=eu`, from `worker.labels`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its GPU, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// The models that it has loaded.
    pub models: Vec<String>,
    /// How many jobs it runs at once.
    pub slots: u32,
    /// How many run.
    #[serde(default)]
    pub in_flight: u32,
    /// How many jobs have ended in its hands since it began, well or badly, per lane.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<Lane, u64>,
    /// `running`, or `draining`: it ends what runs and takes nothing new.
    #[serde(default)]
    pub state: WorkerState,
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub since: DateTime<Utc>,
}

/// Whether a worker takes jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// It does.
    #[default]
    Running,
    /// It ends what runs and takes nothing new.
    Draining,
}
