//! The port's other half: what operators and batch producers may ask of a bus besides the way of a job.
//!
//! Everything here is kept by the bus itself, so that it survives the process that asked, and is seen by all others.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{JobId, JobRef, Kind, Lane, TenantId};
use serde::{Deserialize, Serialize};

use crate::{DeadLetter, Headers, Message, PublishError, Receipt, Unavailable};

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadFilter {
    /// Of this kind; of all without one.
    pub kind: Option<Kind>,
    /// Of this tenant; of all without one.
    pub tenant: Option<TenantId>,
}

/// A dead letter where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Buried {
    /// Its position: letters that died later have a higher one. Never 0.
    pub sequence: u64,
    /// The letter.
    pub letter: DeadLetter,
}

/// A job that the server has given up handing out, without a worker's word on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Its kind.
    pub kind: Kind,
    /// Its position in its queue.
    pub sequence: u64,
    /// How often it was handed out.
    pub attempts: u32,
}

/// Dead letters.
#[async_trait]
pub trait Graveyard: Send + Sync {
    /// Keeps a dead letter: returns when it is durable. A job has one letter at most: the last one.
    async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable>;

    /// Letters in the order in which they died, from the one after `after` on (0: from the first), at most `limit`.
    async fn dead(&self, filter: &DeadFilter, after: u64, limit: usize) -> Result<Vec<Buried>, Unavailable>;

    /// How many letters there are.
    async fn dead_count(&self, filter: &DeadFilter) -> Result<u64, Unavailable>;

    /// The letter of a job.
    async fn dead_letter(&self, job: &JobRef) -> Result<Option<Buried>, Unavailable>;

    /// Drops a letter for good. `false`: it was not there.
    async fn exhume(&self, sequence: u64) -> Result<bool, Unavailable>;

    /// Moves jobs that the server has given up (a consumer with a bound on deliveries) to the dead letters, one at a
    /// time, for as long as it is polled. Each item is a job that is buried; it leaves its queue when the next item
    /// is asked for, so that a job whose end nobody could record comes again. An error does not end it. Any number of
    /// workers may do this at once.
    async fn given_up(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable>;
}

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// Six fields (seconds first), in this IANA time zone (UTC without one).
    Cron {
        /// `0 30 8 * * MON-FRI`.
        expression: String,
        /// `Europe/Paris`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    /// Again and again after this time, at least a second.
    Interval(Duration),
}

/// A recurring job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, unique with its tenant: as a tenant's id.
    pub name: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// The kind of its jobs.
    pub kind: Kind,
    /// Their lane.
    pub lane: Lane,
    /// When.
    pub every: Every,
    /// The envelope of its jobs, with `schedule` set and the id that theirs are derived from.
    pub payload: Bytes,
    /// Whether it is paused.
    pub paused: bool,
    /// Since when it is as it is.
    pub since: DateTime<Utc>,
    /// When it fires next; `None` while it is paused.
    pub next: Option<DateTime<Utc>>,
}

/// A schedule could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The expression or the zone is wrong: in words for whoever wrote it.
    #[error("{0}")]
    Invalid(String),
    /// The kind is not known, or its queue is full.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Jobs for later, and jobs again and again.
#[async_trait]
pub trait Scheduler: Send + Sync {
    /// Accepts a job that is handed out from this time on; durable when it returns. The same id again adds nothing.
    async fn publish_at(&self, message: Message, at: DateTime<Utc>) -> Result<Receipt, PublishError>;

    /// Takes back a job that is not yet due. `false`: it is none (any more).
    async fn unpublish(&self, kind: &Kind, job: &JobRef) -> Result<bool, Unavailable>;

    /// Keeps a recurring job, in place of the one of that name; paused or not. `since` and `next` are ignored.
    async fn schedule(&self, schedule: &Schedule) -> Result<(), ScheduleError>;

    /// A tenant's schedules by name.
    async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, Unavailable>;

    /// Ends a schedule. `false`: there is none of that name.
    async fn unschedule(&self, tenant: &TenantId, name: &str) -> Result<bool, Unavailable>;
}

/// Something that is held up until somebody resumes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// No worker takes jobs of this kind.
    Kind(Kind),
    /// No worker takes jobs of this tenant.
    Tenant(TenantId),
    /// This worker takes no jobs.
    Worker(String),
}

impl Hold {
    /// What is held up, as `kind`, and its name.
    pub(crate) fn named(&self) -> (&'static str, &str) {
        match self {
            Self::Kind(kind) => ("kind", kind.as_str()),
            Self::Tenant(tenant) => ("tenant", tenant.as_str()),
            Self::Worker(worker) => ("worker", worker),
        }
    }
}

/// What one tenant may take, where that is other than the settings say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Jobs of one kind that run at once, on all workers together; 0: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Jobs that it may submit per second to one gateway; 0: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// Jobs of one kind that have not ended, those for later among them. The bus's own bound holds besides, so this
    /// one can only be lower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
}

/// The tenants that have caps of their own.
pub type TenantCaps = BTreeMap<TenantId, Caps>;

/// A job that waits or runs, as its queue has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its position in its queue.
    pub sequence: u64,
    /// Which job.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// When it is due, if that is later.
    pub run_at: Option<DateTime<Utc>>,
    /// The envelope.
    pub payload: Bytes,
    /// Headers.
    pub headers: Headers,
}

/// A place among a tenant's jobs that run at once.
#[async_trait]
pub trait Seat: Send + Sync {
    /// Keeps it for another ack wait.
    async fn keep(&self) -> Result<(), Unavailable>;
    /// Gives it back.
    async fn leave(self: Box<Self>);
}

/// What operators set, and what it takes to keep caps.
#[async_trait]
pub trait Controls: Send + Sync {
    /// Holds something up, or resumes it.
    async fn hold(&self, hold: &Hold, on: bool) -> Result<(), Unavailable>;

    /// What is held up: now, and again whenever it changes. Survives reconnects.
    async fn holds(&self) -> Result<BoxStream<'static, Vec<Hold>>, Unavailable>;

    /// Gives a tenant caps of its own, in place of those it had; none: as the settings say.
    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable>;

    /// The caps of tenants that have their own: now, and again whenever they change. Survives reconnects.
    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable>;

    /// A tenant's jobs of a kind that have not ended, in the order of their queue, after this position, at most
    /// `limit`.
    async fn queued(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Queued>, Unavailable>;

    /// How many of a tenant's jobs of a kind have not ended.
    async fn backlog(&self, kind: &Kind, tenant: &TenantId) -> Result<u64, Unavailable>;

    /// Takes one of a tenant's `cap` places for jobs of a kind that run at once; `None`: all are taken. A place whose
    /// worker dies is free again after the ack wait.
    async fn seat(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn Seat>>, Unavailable>;

    /// Takes a key for this long: `None`, or the job that has it.
    async fn reserve(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        key: &str,
        window: Duration,
        job: JobId,
    ) -> Result<Option<JobId>, Unavailable>;
}
