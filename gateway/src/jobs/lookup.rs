//! Finds a job: by its row, else by its log, else 404.

use std::sync::Arc;

use ruche_bus::Bus;
use ruche_schemas::{Claim, EventType, JobId, JobRef, Record, TenantId, clock, flow};
use ruche_store::{
    Store,
    jobs::{EndedFilter, EndedJob},
};

use super::{
    event_log::EventLog,
    view::{JobView, of_event, of_row},
};
use crate::http::{error::ApiError, text::shown};

#[derive(Clone)]
pub struct Lookup {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) store: Arc<dyn Store>,
    pub(super) log: EventLog,
}

impl Lookup {
    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, tenant: &TenantId, id: &str) -> Result<JobView, ApiError> {
        Ok(self.find_with_claim(&reference(tenant, id)?, id).await?.0)
    }

    /// With the claim of an output in the object store.
    pub(crate) async fn find_with_claim(&self, job: &JobRef, id: &str) -> Result<(JobView, Option<Claim>), ApiError> {
        match self.store.job(job).await {
            Ok(Some(row)) => {
                let claim = row.claim.clone();
                Ok((of_row(row), claim))
            }
            Ok(None) => self.logged(job).await?.ok_or_else(|| unknown(id)),
            // Without the database, the log still has the jobs of the last hours.
            Err(error) => self.logged(job).await?.ok_or_else(|| error.into()),
        }
    }

    pub(crate) async fn in_log(&self, job: &JobRef) -> Result<Option<JobView>, ApiError> {
        Ok(self.logged(job).await?.map(|(view, _)| view))
    }

    /// The rows of these jobs and of their children.
    pub(crate) async fn family(
        &self,
        tenant: &TenantId,
        jobs: &[JobId],
        limit: u64,
    ) -> Result<Vec<EndedJob>, ApiError> {
        Ok(self.store.family(tenant, jobs, limit).await?)
    }

    /// `None` if the job that the page begins after is gone.
    pub(crate) async fn ended(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, ApiError> {
        Ok(self.store.jobs(tenant, filter, limit, after).await?)
    }

    pub(crate) async fn first(&self, job: &JobRef) -> Result<Option<Record>, ApiError> {
        match self.bus.last(job).await? {
            Some(_) => self.log.first(job).await,
            None => Ok(None),
        }
    }

    async fn logged(&self, job: &JobRef) -> Result<Option<(JobView, Option<Claim>)>, ApiError> {
        let last = self.bus.last(job).await?.filter(|last| last.record.kind != flow::BATCH);
        let Some(last) = last else { return Ok(None) };
        let first = match last.record.event {
            EventType::Accepted => Some(last.record.clone()),
            _ => self.log.first(job).await?,
        };
        let known = first.filter(|first| first.event == EventType::Accepted).and_then(|first| first.parse().ok());
        let claim = last.record.claim.clone();
        Ok(Some((of_event(job, Some(last.record), known, clock::now()), claim)))
    }
}

/// Another tenant's job has another name, so it is not found.
///
/// # Errors
/// 404 for text that is no id.
pub(crate) fn reference(tenant: &TenantId, id: &str) -> Result<JobRef, ApiError> {
    let id: JobId = id.strip_prefix("chatcmpl-").unwrap_or(id).parse().map_err(|_| unknown(id))?;
    Ok(JobRef { tenant: tenant.clone(), id })
}

pub(crate) fn unknown(id: &str) -> ApiError {
    ApiError::not_found(
        "job_not_found",
        format!("there is no job {:?}: GET /v1/jobs lists those that there are", shown(id)),
    )
    .param("id")
}
