//! Groups and batches in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{EventType, JobId, TenantId, clock, flow::Template};
use serde_json::Value;
use uuid::Uuid;

use super::{
    rows::GroupRow,
    tables::{Memory, Tables, page},
};
use crate::{
    error::{StoreError, readable},
    groups::{Batch, Batches, Group},
    jobs::EndedJob,
};

impl Memory {
    /// Opens a batch, as a gateway does. Replaces what was counted under this id.
    pub fn open_batch(&self, tenant: &TenantId, batch: Uuid, expected: Option<u64>, callback: Option<Value>) {
        let group = Group { expected, callback, batch: true, ..Group::default() };
        self.lock().groups.insert(batch, GroupRow::new(tenant, group, clock::now()));
    }
}

impl Tables {
    pub(super) fn is_batch(&self, tenant: &TenantId, group: Uuid) -> bool {
        self.groups.get(&group).is_some_and(|row| row.tenant == *tenant && row.group.batch)
    }

    /// Counts a new end. Another tenant's group of the same id stays unchanged.
    pub(super) fn count(&mut self, job: &EndedJob, group: Uuid, of: Option<u32>) {
        let new = || GroupRow::new(&job.job.tenant, Group::default(), job.ended_at);
        let row = self.groups.entry(group).or_insert_with(new);
        if row.tenant != job.job.tenant {
            return;
        }
        row.group.expected = row.group.expected.or(of.map(u64::from));
        match job.state {
            EventType::Done => row.group.done += 1,
            EventType::Failed => row.group.failed += 1,
            _ => row.group.cancelled += 1,
        }
        row.complete(job.ended_at);
    }

    pub(super) fn batch(&self, tenant: &TenantId, id: Uuid) -> Option<Batch> {
        let row = self.groups.get(&id).filter(|row| row.tenant == *tenant && row.group.batch)?;
        let Group { expected, done, failed, cancelled, callback, ended_at, .. } = row.group.clone();
        Some(Batch {
            id,
            tenant: tenant.clone(),
            total: expected.unwrap_or(row.jobs.len() as u64),
            closed: expected.is_some(),
            done,
            failed,
            cancelled,
            callback: callback.and_then(|callback| serde_json::from_value(callback).ok()),
            created_at: row.created_at,
            ended_at,
        })
    }
}

#[async_trait]
impl Batches for Memory {
    async fn create_batch(
        &self,
        tenant: &TenantId,
        id: Uuid,
        callback: Option<&Template>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let callback = readable("the callback", callback.map(serde_json::to_value).transpose())?;
        let group = Group { callback, batch: true, ..Group::default() };
        self.tables()?.groups.insert(id, GroupRow::new(tenant, group, at));
        Ok(())
    }

    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError> {
        if let Some(row) = self.tables()?.groups.get_mut(&batch) {
            row.jobs.extend(jobs);
        }
        Ok(())
    }

    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError> {
        let mut tables = self.tables()?;
        let ended: Vec<JobId> =
            tables.jobs_of(tenant).filter(|job| job.group == Some(id)).map(|job| job.job.id).collect();
        let mine = |row: &&mut GroupRow| row.tenant == *tenant && row.group.batch && row.group.expected.is_none();
        if let Some(row) = tables.groups.get_mut(&id).filter(mine) {
            row.jobs.extend(ended);
            row.group.expected = Some(row.jobs.len() as u64);
            row.complete(at);
        }
        Ok(tables.batch(tenant, id))
    }

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
        Ok(self.tables()?.batch(tenant, id))
    }

    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError> {
        let tables = self.tables()?;
        let mut all: Vec<Batch> = tables.groups.keys().filter_map(|id| tables.batch(tenant, *id)).collect();
        all.sort_by_key(|batch| Reverse((batch.created_at, batch.id)));
        Ok(page(all, |batch| batch.id, limit, after))
    }
}
