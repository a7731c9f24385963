//! Ended jobs in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use ruche_schemas::{JobId, JobRef, TenantId};

use super::{
    rows::JobRow,
    tables::{Memory, Tables, page, size},
};
use crate::{
    error::StoreError,
    groups::Batch,
    jobs::{EndedFilter, EndedJob, Jobs},
};

impl Memory {
    /// Stores an ended job, and counts it in its batch.
    pub fn put_job(&self, job: EndedJob) {
        self.lock().end_early(job);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[must_use]
    pub fn children(&self, job: JobId) -> Vec<JobId> {
        self.lock().jobs.get(&job).map(|row| row.job.children.clone()).unwrap_or_default()
    }
}

impl Tables {
    /// Stores the end of a job and counts it in its batch, unless it has ended.
    fn end_early(&mut self, job: EndedJob) {
        if self.jobs.contains_key(&job.job.id) {
            return;
        }
        if let Some(group) = job.group
            && self.is_batch(&job.job.tenant, group)
        {
            self.count(&job, group, None);
        }
        self.jobs.insert(job.job.id, JobRow { job, index: None });
    }

    pub(super) fn jobs_of<'t>(&'t self, tenant: &'t TenantId) -> impl Iterator<Item = &'t EndedJob> {
        self.jobs.values().map(|row| &row.job).filter(move |job| job.job.tenant == *tenant)
    }
}

#[async_trait]
impl Jobs for Memory {
    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
        let stop = self.lock().stop.take();
        if let Some(barrier) = stop {
            barrier.wait().await;
            barrier.wait().await;
        }
        Ok(self.tables()?.jobs.get(&job.id).map(|row| &row.job).filter(|ended| ended.job == *job).cloned())
    }

    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError> {
        let mut all: Vec<EndedJob> = self.tables()?.jobs_of(tenant).cloned().collect();
        all.sort_by_key(|job| Reverse((job.created_at, job.job.id)));
        let wanted = |job: &EndedJob| {
            filter.kind.as_ref().is_none_or(|kind| *kind == job.kind)
                && filter.state.is_none_or(|state| state == job.state)
                && filter.batch.is_none_or(|batch| Some(batch) == job.group)
        };
        let mut rest = page(all, |job| job.job.id, u64::MAX, after);
        if let Some(rest) = &mut rest {
            rest.retain(wanted);
            rest.truncate(size(limit));
        }
        Ok(rest)
    }

    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError> {
        let tables = self.tables()?;
        let related = tables
            .jobs_of(tenant)
            .filter(|job| jobs.contains(&job.job.id) || job.parent.is_some_and(|parent| jobs.contains(&parent)));
        Ok(related.take(size(limit)).cloned().collect())
    }

    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError> {
        let mut tables = self.tables()?;
        tables.end_early(job.clone());
        Ok(job.group.and_then(|group| tables.batch(&job.job.tenant, group)))
    }
}
