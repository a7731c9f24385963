//! Jobs for later, and recurring jobs.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobRef, Kind, Lane, TenantId};
use serde::{Deserialize, Serialize};

use super::message::{Message, PublishError, Receipt, Unavailable};

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
