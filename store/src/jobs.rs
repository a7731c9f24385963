//! Lists of ended jobs. Workers write them ([`crate::ledger`]); gateways read them, and write the end of a job that
//! is cancelled before it is due.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, EventType, JobId, JobRef, Kind, Lane, TenantId, event::Outcome};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{StoreError, readable},
    groups::Batch,
};

#[derive(Debug, Clone, PartialEq)]
pub struct EndedJob {
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    /// The attempt that ended it, from 1.
    pub attempt: u32,
    /// `Done`, `Failed` or `Cancelled`.
    pub state: EventType,
    /// The output or the failure, as in the final event.
    pub data: Value,
    /// Claim check of an output in the object store.
    pub claim: Option<Claim>,
    /// Whether it may have objects in the object store.
    pub objects: bool,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    pub trace_id: Option<String>,
    /// The first job of its flow.
    pub root: Option<JobId>,
    /// The job whose end started it.
    pub parent: Option<JobId>,
    /// Its batch or fan-out.
    pub group: Option<Uuid>,
    pub children: Vec<JobId>,
}

impl EndedJob {
    pub(crate) fn outcome(&self) -> Result<Outcome<Value>, StoreError> {
        Ok(match self.state {
            EventType::Done => self.claim.clone().map_or_else(|| Outcome::Done(self.data.clone()), Outcome::Claimed),
            EventType::Failed => Outcome::Failed(readable("jobs.data", serde_json::from_value(self.data.clone()))?),
            EventType::Cancelled => Outcome::Cancelled,
            other => return Err(StoreError::unreadable("jobs.state", format!("{other:?} is no end"))),
        })
    }
}

/// Selects ended jobs; an empty field matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndedFilter {
    pub kind: Option<Kind>,
    pub state: Option<EventType>,
    pub batch: Option<Uuid>,
}

#[async_trait]
pub trait Jobs: Send + Sync + 'static {
    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError>;

    /// Up to `limit` ended jobs, last accepted first, after the job `after`. `None` if the tenant has no ended job
    /// with that id.
    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError>;

    /// The ended jobs among `jobs` and among their direct children, at most `limit`, unordered.
    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError>;

    /// Stores the end of a job that is cancelled before it is due, unless it has ended, and counts it in its batch,
    /// which is returned.
    ///
    /// Serialized with commits and fences of the same job, so that one outcome is stored and counted once. Fences do
    /// not exclude it, because no worker has begun an attempt.
    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError>;
}
