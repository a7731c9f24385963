//! The port: what gateways and workers may ask of a bus.
//!
//! It speaks of jobs, logs and lanes; streams, subjects and consumers belong to an adapter. The bus stores what
//! operators and batch producers request, so that it survives their process and all others see it.

mod dead_letters;
mod delivery;
mod flow_control;
pub(crate) mod message;
mod schedules;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, Kind, Record};

pub use dead_letters::*;
pub use delivery::*;
pub use flow_control::*;
pub use message::*;
pub use schedules::*;

#[async_trait]
pub trait Bus: DeadLetterQueue + Scheduler + FlowControl + Send + Sync + 'static {
    /// Returns when the job is durable. The same job id again, within the dedup window, adds nothing.
    async fn publish(&self, message: Message) -> Result<Receipt, PublishError>;

    /// Jobs that are for no pool, of all lanes.
    async fn consume(&self, kind: &Kind) -> Result<Box<dyn Deliveries>, Unavailable>;

    /// Jobs for a pool ([`POOL`]), of all lanes.
    async fn consume_pool(&self, kind: &Kind, pool: &str) -> Result<Box<dyn Deliveries>, Unavailable>;

    /// Appends an event to a job's log, if the log's last event still has this sequence (0: if it is empty). Returns
    /// the new event's sequence.
    async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError>;

    /// Deletes the first event of the log of a refused job, if it is there.
    async fn retract(&self, job: &JobRef, sequence: u64) -> Result<(), Unavailable>;

    async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable>;

    /// The job's events with `n >= from`: those stored, then those to come, without gap or repeat. The final event is
    /// the last. Survives reconnects; an error item ends it.
    async fn watch(
        &self,
        job: &JobRef,
        from: u64,
    ) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable>;

    /// The events stored so far, `n` from 1: for a worker that takes a job over.
    async fn replay(&self, job: &JobRef) -> Result<Vec<Record>, Unavailable>;

    /// Requests a cancellation: the worker that runs the job gets it at once, a later one with the job.
    async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable>;

    async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable>;

    /// Cancellations of all jobs since this time: at most `limit`, the earliest first.
    async fn cancelled_since(&self, time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable>;

    /// Of all jobs, from now on.
    async fn cancellations(&self) -> Result<BoxStream<'static, JobRef>, Unavailable>;

    /// Per kind and lane. It costs a request per shard: for one exporter, every few seconds.
    async fn depth(&self) -> Result<Vec<Depth>, Unavailable>;

    /// For [`REGISTRATION_TTL`].
    async fn register(&self, worker: &WorkerRegistration) -> Result<(), Unavailable>;

    async fn deregister(&self, worker: &WorkerRegistration) -> Result<(), Unavailable>;

    /// Of all kinds, by kind and name.
    async fn workers(&self) -> Result<Vec<WorkerRegistration>, Unavailable>;

    /// False while a running worker may be missing from [`Bus::workers`]: for [`ALL_REGISTERED`] after the bus began to
    /// keep registrations, or has lost them.
    async fn knows_all_workers(&self) -> Result<bool, Unavailable>;

    /// Whether the bus can take jobs now, and has all that this process needs.
    async fn ready(&self) -> Result<(), Unavailable>;

    /// Sends buffered messages. Call it before a process ends.
    async fn flush(&self) -> Result<(), Unavailable>;
}
