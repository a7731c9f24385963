//! Jobs, events, dead letters and workers, as they cross the port.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
pub use ruche_schemas::topology::bounds::REGISTRATION_TTL;
use ruche_schemas::{Failure, JobRef, Kind, Lane, Record};
use serde::{Deserialize, Serialize};

/// A running worker registers again after this time at most.
pub const REGISTRATION_RENEWAL: Duration = Duration::from_secs(REGISTRATION_TTL.as_secs() / 3);

/// After a loss of all registrations, every running worker has registered again within this time.
pub const ALL_REGISTERED: Duration = Duration::from_secs(REGISTRATION_RENEWAL.as_secs() + 2);

/// Lower-case names, such as `traceparent`.
pub type Headers = BTreeMap<String, String>;

/// The header of a job for a pool: the model that its workers have. Without it, a job is for the workers of no pool.
pub const POOL: &str = "ruche-pool";

#[derive(Debug, Clone)]
pub struct Message {
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    /// The envelope as JSON, at most 1 MiB less headers.
    pub payload: Bytes,
    pub headers: Headers,
    /// The sequence of the first event of its log, if the publisher has written it: the worker can append without a
    /// read.
    pub first_seq: Option<u64>,
}

/// The bus has stored the job durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// A job with this id was accepted within the dedup window: nothing was added.
    pub duplicate: bool,
}

/// A job was not accepted, or it is unknown whether it was. Publishing the same id again is always safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    #[error("the queue of {kind} jobs is full: workers must catch up first")]
    Full { kind: Kind },
    /// A tenant's backlog of this kind and lane is at its cap.
    #[error("the tenant's backlog of {kind} jobs is full: workers must catch up first")]
    TenantFull { kind: Kind },
    #[error("there is no queue for jobs of kind {kind}")]
    UnknownKind { kind: Kind },
    #[error("the job has {bytes} bytes: at most {max} can be published")]
    TooLarge { bytes: usize, max: usize },
    #[error("the message bus is not available: {0}")]
    Unavailable(String),
}

/// The bus can't be reached or does not answer: try again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message bus is not available: {0}")]
pub struct Unavailable(pub String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log's last event is not the one named. `Bus::last` returns it.
    #[error("somebody else has written to the job's log")]
    Conflict,
    /// The event may or may not be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its position in the stream, which the next `Bus::append` names. Never 0.
    pub sequence: u64,
    pub record: Record,
}

/// A job that is not tried again, with everything that a replay needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    pub failure: Failure,
    pub attempts: u32,
    pub at: DateTime<Utc>,
    /// The W3C trace id of its last attempt, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// As published (lossy where it is not UTF-8).
    pub payload: String,
    pub headers: Headers,
}

/// The load of one lane of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    pub kind: Kind,
    pub lane: Lane,
    /// Jobs that no worker has.
    pub waiting: u64,
    /// Jobs that a worker has and has not settled.
    pub in_flight: u64,
    /// How long the oldest of the waiting jobs has waited.
    pub oldest: Option<Duration>,
}

/// What a worker registers about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerRegistration {
    pub kind: Kind,
    /// Host and process, of `A-Z a-z 0-9 _ -`.
    pub worker: String,
    #[serde(default)]
    pub host: String,
    /// From `worker.labels`, such as `zone=eu`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    pub models: Vec<String>,
    /// The model whose jobs it takes, and no others; `None`: jobs that are for no pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    pub slots: u32,
    #[serde(default)]
    pub in_flight: u32,
    /// Jobs that have ended since its start, well or badly, per lane.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ended: BTreeMap<Lane, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reconcilers: Vec<ReconcilerStatus>,
    #[serde(default)]
    pub state: WorkerState,
    pub version: String,
    pub since: DateTime<Utc>,
}

/// The status of a worker's background task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcilerStatus {
    /// Such as `retention`.
    pub name: String,
    pub last_run: Option<DateTime<Utc>>,
    /// Why its last pass failed.
    pub last_error: Option<String>,
    /// Passes since the worker's start.
    pub runs: u64,
    /// Changes since then: rows deleted, indexes made, jobs ended.
    pub changes: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    #[default]
    Running,
    /// It finishes running jobs and takes no new ones.
    Draining,
}
