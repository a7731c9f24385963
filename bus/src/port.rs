//! The port: what gateways and workers may ask of a bus.
//!
//! It speaks of jobs, logs and lanes; streams, subjects and consumers are an adapter's business.

use std::{collections::BTreeMap, num::NonZeroUsize, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
pub use ruche_schemas::topology::bounds::PRESENCE;
use ruche_schemas::{Failure, JobRef, Kind, Lane, Record, topology::bounds::DEDUP_WINDOW};
use serde::{Deserialize, Serialize};

use crate::{Controls, Graveyard, Scheduler};

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
    /// The sequence of the first event of its log, where whoever publishes it has begun that: its worker can write on
    /// without asking.
    pub begun: Option<u64>,
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

/// A worker that is alive: what it announces of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
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

/// The bus.
#[async_trait]
pub trait Bus: Graveyard + Scheduler + Controls + Send + Sync + 'static {
    /// Accepts a job: returns when it is durable. The same job id again, within the dedup window, adds nothing.
    async fn publish(&self, message: Message) -> Result<Receipt, PublishError>;

    /// Opens the queue of a kind, all lanes.
    async fn consume(&self, kind: &Kind) -> Result<Box<dyn Deliveries>, Unavailable>;

    /// Appends an event to a job's log, if the log's last event still has this sequence (0: if it is empty).
    /// Returns the new event's sequence.
    async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError>;

    /// Takes the first event of a log back, whose job was refused. Nothing happens where there is no such event.
    async fn retract(&self, job: &JobRef, sequence: u64) -> Result<(), Unavailable>;

    /// The last event of a job's log.
    async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable>;

    /// The job's events with `n >= from`: those stored, then those to come, without gap or repeat. Ends after a
    /// final event. Survives reconnects; an error item ends it.
    async fn watch(
        &self,
        job: &JobRef,
        from: u64,
    ) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable>;

    /// The events stored so far, `n` from 1. Used by a worker that takes a job over.
    async fn replay(&self, job: &JobRef) -> Result<Vec<Record>, Unavailable>;

    /// Asks for a job to be cancelled: seen at once by the worker that runs it, and by any that gets it later.
    async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable>;

    /// Whether somebody asked for this job to be cancelled.
    async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable>;

    /// Cancellations that were asked for since this time, of all jobs: at most so many, the earliest first.
    async fn cancelled_since(&self, time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable>;

    /// Cancellations as they are asked for, of all jobs, from now on.
    async fn cancellations(&self) -> Result<BoxStream<'static, JobRef>, Unavailable>;

    /// How much waits, per kind and lane. Costs a request per shard: for one exporter, every few seconds.
    async fn depth(&self) -> Result<Vec<Depth>, Unavailable>;

    /// Announces a worker, for [`PRESENCE`].
    async fn announce(&self, presence: &Presence) -> Result<(), Unavailable>;

    /// Takes a worker's announcement back.
    async fn retire(&self, presence: &Presence) -> Result<(), Unavailable>;

    /// The workers that are announced now, of all kinds, by name.
    async fn workers(&self) -> Result<Vec<Presence>, Unavailable>;

    /// Whether the bus can take jobs now.
    async fn ready(&self) -> Result<(), Unavailable>;

    /// Sends what is still unsent. To be called before a process ends.
    async fn flush(&self) -> Result<(), Unavailable>;
}

/// A queue as one worker sees it.
#[async_trait]
pub trait Deliveries: Send {
    /// Waits for jobs: at least one, at most `free`, the interactive lane first without starving the others.
    ///
    /// No more than `free` jobs are ever on their way to this worker: what it can't run now stays with the
    /// server. Dropping the future loses nothing: what arrives meanwhile comes with the next call. Faults of the
    /// connection are waited out, with growing jittered delays, not returned.
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery>;

    /// From now on, so many of the free slots take jobs of the interactive lane only: of the others no more are asked for
    /// than there are slots beyond. What was asked for before may still come. None are, to begin with.
    fn reserve(&mut self, slots: usize);

    /// Stops asking, and hands back (for immediate redelivery) what has arrived but was not returned.
    async fn close(self: Box<Self>);
}

/// A job in the hands of one worker, until it settles it. Settling consumes; dropping without settling lets the
/// server hand the job out again after its ack wait.
pub struct Delivery {
    /// Which job, of whom: by the subject, which the server's permissions bind.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// How often it was handed out, this time included: from 1.
    pub attempt: u32,
    /// The envelope, as published.
    pub payload: Bytes,
    /// Headers, the trace context among them.
    pub headers: Headers,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// As in [`Message::begun`].
    pub begun: Option<u64>,
    /// The adapter's end.
    pub(crate) settle: Box<dyn Settle>,
}

/// The adapter's end of a delivery.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Acknowledges with confirmation.
    async fn ack(&self) -> Result<(), Unavailable>;
    /// Hands back, for redelivery after the delay.
    async fn nak(&self, after: Duration) -> Result<(), Unavailable>;
    /// Gives up for good: never handed out again.
    async fn term(&self) -> Result<(), Unavailable>;
    /// Publishes the job again for this time, then acknowledges.
    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable>;
    /// Restarts the ack wait.
    fn extender(&self) -> Box<dyn Extend>;
}

/// Tells the server that a job is still being worked on.
#[async_trait]
pub trait Extend: Send + Sync {
    /// Restarts the ack wait, once.
    async fn extend(&self) -> Result<(), Unavailable>;
}

impl Delivery {
    /// Whether this is the first that any worker sees of the job, so that nobody has written to its log but whoever
    /// published it.
    ///
    /// A second message of the same job would be a duplicate within the dedup window, and an id that was made less
    /// than that before it was published can't have been published before the window. Half of the window is left to
    /// clocks that differ. An id that says no time (one made of an idempotency key, one that follows from another
    /// job's) may have been published at any time before.
    #[must_use]
    pub fn is_first(&self) -> bool {
        let age = self.job.id.made_at().map(|made| self.published_at - made);
        self.attempt == 1 && age.is_some_and(|age| age.to_std().unwrap_or_default() < DEDUP_WINDOW / 2)
    }

    /// The job is done and its effects are stored: never hand it out again. Returns once the server confirms.
    ///
    /// # Errors
    /// When the confirmation does not come: the job may be handed out again.
    pub async fn done(self) -> Result<(), Unavailable> {
        self.settle.ack().await
    }

    /// Hand it out again after this delay.
    ///
    /// # Errors
    /// When the bus can't be reached: it is handed out again after the ack wait.
    pub async fn retry(self, after: Duration) -> Result<(), Unavailable> {
        self.settle.nak(after).await
    }

    /// Never hand it out again: the dead letter is kept and confirmed first, and only then the job is terminated.
    /// `attempts` is how often it was tried.
    ///
    /// # Errors
    /// When either is not confirmed: the job may be handed out again.
    pub async fn reject(
        self,
        bus: &dyn Bus,
        failure: Failure,
        attempts: u32,
        at: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let letter = DeadLetter {
            job: self.job,
            kind: self.kind,
            lane: self.lane,
            failure,
            attempts,
            at,
            trace_id: crate::trace::trace_id(),
            payload: String::from_utf8_lossy(&self.payload).into_owned(),
            headers: self.headers,
        };
        bus.bury(&letter).await?;
        self.settle.term().await
    }

    /// Puts the job aside until this time: a message of its own, confirmed, takes its place. It does not count as an
    /// attempt where `counts` is false. For waits over a few seconds: what is handed back with a delay stays in the
    /// hands of this consumer, and many of those would stop the lane.
    ///
    /// # Errors
    /// When either is not confirmed: the job may be handed out again.
    pub async fn defer(self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        self.settle.defer(until, counts).await
    }

    /// The same delivery, settled through something around its adapter's end: for tests that inject faults.
    #[must_use]
    pub fn wrapped(mut self, wrap: impl FnOnce(Box<dyn Settle>) -> Box<dyn Settle>) -> Self {
        self.settle = wrap(self.settle);
        self
    }

    /// What keeps the job from being handed to another worker while this one works.
    #[must_use]
    pub fn extender(&self) -> Box<dyn Extend> {
        self.settle.extender()
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { job, kind, lane, attempt, .. } = self;
        write!(f, "Delivery({kind} {job} {lane} attempt {attempt})")
    }
}
