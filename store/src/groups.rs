//! Groups of jobs that are counted together: fan-outs, and batches, which a gateway creates and closes. A member is
//! counted in the transaction of its row. A group is complete when its size is known and as many members have ended;
//! the store detects this when it counts or closes, and sets `ended_at` exactly then.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, flow::Template};
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub group: Uuid,
    /// From 0.
    pub index: u32,
    /// The number of members, if this member knows it.
    pub of: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// The number of members; `None` while a batch is still being submitted.
    pub expected: Option<u64>,
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Of a batch: the job to start when all members have ended.
    pub callback: Option<Value>,
    /// Whether it is a batch, which has a log of its own.
    pub batch: bool,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Group {
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ended_at.is_some()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub id: Uuid,
    pub tenant: TenantId,
    pub total: u64,
    /// Whether submission is finished, so that `total` is final.
    pub closed: bool,
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// The job to start when all have ended.
    pub callback: Option<Template>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Batch {
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ended_at.is_some()
    }
}

#[async_trait]
pub trait Batches: Send + Sync + 'static {
    async fn create_batch(
        &self,
        tenant: &TenantId,
        id: Uuid,
        callback: Option<&Template>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Adds jobs to an open batch. Idempotent: a job counts once.
    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError>;

    /// Closes a batch for submissions and returns it, also when it was closed before. `None` if the tenant has
    /// no such batch.
    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError>;

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError>;

    /// Up to `limit` batches, newest first, after the batch `after`. `None` if the tenant has no batch with that id.
    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError>;
}
