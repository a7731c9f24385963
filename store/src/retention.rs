//! Deletes what ended long ago: a worker deletes a job's objects first, then its row is purged.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::JobRef;

use crate::error::StoreError;

#[async_trait]
pub trait Retention: Send + Sync + 'static {
    /// Jobs that ended before this time and have objects in the object store, oldest first, at most `limit`.
    async fn jobs_with_objects(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError>;

    /// Records that the objects of these jobs are deleted, so that their rows can be purged. Idempotent.
    async fn objects_deleted(&self, jobs: &[JobRef]) -> Result<(), StoreError>;

    /// Deletes what ended before this time (rows of jobs without objects, fences, groups and document tombstones), at
    /// most `limit` of each. Returns the number of deleted rows.
    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}
