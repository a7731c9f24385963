//! Jobs for later, and recurring jobs.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobRef, Kind, Lane, TenantId};
use serde::{Deserialize, Serialize};

use super::message::{Message, PublishError, Receipt, Unavailable};

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
    /// At least a second.
    Interval(Duration),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Unique for its tenant; has the form of a tenant's id.
    pub name: String,
    pub tenant: TenantId,
    pub kind: Kind,
    pub lane: Lane,
    pub every: Every,
    /// The envelope of its jobs, with `schedule` set, and the id from which their ids are derived.
    pub payload: Bytes,
    pub paused: bool,
    pub since: DateTime<Utc>,
    /// When it fires next; `None` while it is paused.
    pub next: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The expression or the name is wrong; the text is for its author.
    #[error("{0}")]
    Invalid(String),
    /// The time zone is wrong; the text is for its author.
    #[error("{0}")]
    UnknownZone(String),
    /// The kind is unknown, or its queue is full.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

#[async_trait]
pub trait Scheduler: Send + Sync {
    /// Accepts a job that is delivered from this time on. It is durable on return. The same id again adds nothing.
    async fn publish_at(&self, message: Message, at: DateTime<Utc>) -> Result<Receipt, PublishError>;

    /// Deletes a job that is not due yet. Returns `false` if there is none.
    async fn unpublish(&self, kind: &Kind, job: &JobRef) -> Result<bool, Unavailable>;

    /// Replaces a schedule of the same name. `since` and `next` are ignored.
    async fn schedule(&self, schedule: &Schedule) -> Result<(), ScheduleError>;

    /// By name.
    async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, Unavailable>;

    /// Returns `false` if there is none of that name.
    async fn unschedule(&self, tenant: &TenantId, name: &str) -> Result<bool, Unavailable>;
}
