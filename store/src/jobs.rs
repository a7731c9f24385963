//! Lists of jobs that have ended. Workers write them ([`crate::ledger`]); gateways read them, and write the end of a job that is
//! cancelled before it is due.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, EventType, JobId, JobRef, Kind, Lane, TenantId, event::Outcome};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{StoreError, readable},
    groups::Batch,
};

/// A job that has ended, as its row has it.
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
    /// Where the output is, when it is in the object store.
    pub claim: Option<Claim>,
    /// Whether it may have objects in the object store.
    pub objects: bool,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// Its W3C trace id.
    pub trace_id: Option<String>,
    /// The first job of its flow.
    pub root: Option<JobId>,
    /// The job whose end started it.
    pub parent: Option<JobId>,
    /// The batch or the fan-out that it is counted in.
    pub group: Option<Uuid>,
    /// The jobs that its end started.
    pub children: Vec<JobId>,
}

impl EndedJob {
    /// How it ended, in one value.
    pub(crate) fn outcome(&self) -> Result<Outcome<Value>, StoreError> {
        Ok(match self.state {
            EventType::Done => self.claim.clone().map_or_else(|| Outcome::Done(self.data.clone()), Outcome::Claimed),
            EventType::Failed => Outcome::Failed(readable("jobs.data", serde_json::from_value(self.data.clone()))?),
            EventType::Cancelled => Outcome::Cancelled,
            other => return Err(StoreError::unreadable("jobs.state", format!("{other:?} is no end"))),
        })
    }
}

/// Which ended jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndedFilter {
    /// Of this kind; of all without one.
    pub kind: Option<Kind>,
    /// That ended like this; any way without one.
    pub state: Option<EventType>,
    /// Of this batch.
    pub batch: Option<Uuid>,
}

#[async_trait]
pub trait Jobs: Send + Sync + 'static {
    /// The row of a job that has ended.
    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError>;

    /// Up to `limit` ended jobs, the one accepted last first; those after the named one, when one is named. `None`
    /// where the tenant has no ended job of that name.
    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError>;

    /// The ended ones among these jobs, and those that one of these started, at most `limit`, in no order.
    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError>;

    /// Keeps the end of a job that is cancelled before it is due, unless it has ended, and counts it in its batch. Returns
    /// the batch if it has one.
    ///
    /// It takes its turn with commits and fences of the same job, so that one outcome is kept and counted once. Fences do not
    /// keep it out: its attempt is none that a worker has begun.
    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError>;
}
