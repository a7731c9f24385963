//! Jobs that are counted together: fan-outs, and batches, which a gateway makes and closes. Each member is counted with its
//! row, in one transaction.
//!
//! **Completion.** A group is complete when its size is known and so many members have ended. The store decides that when it
//! counts or closes, and keeps the time: `ended_at` is set if and only if the group is complete.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, flow::Template};
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;

/// A job's place in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub group: Uuid,
    /// From 0.
    pub index: u32,
    /// How many members there are, if a member knows it.
    pub of: Option<u32>,
}

/// How far a group is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// How many members there are; `None` while a batch is still being submitted.
    pub expected: Option<u64>,
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// The job to start when all have ended, of a batch.
    pub callback: Option<Value>,
    /// Whether it is a batch, with a log of its own.
    pub batch: bool,
    /// When the last member ended.
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
    /// How many jobs were sent into it, so far or in all.
    pub total: u64,
    /// Whether that is all.
    pub closed: bool,
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// The job to start when all have ended.
    pub callback: Option<Template>,
    pub created_at: DateTime<Utc>,
    /// When the last of its jobs ended.
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
    /// Makes an open batch.
    async fn create_batch(
        &self,
        tenant: &TenantId,
        id: Uuid,
        callback: Option<&Template>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Adds jobs to a batch that is open, each once however often it is added.
    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError>;

    /// Closes a batch: what was added is all. Returns it, also where it was closed before; `None` where the tenant has no
    /// such batch.
    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError>;

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError>;

    /// Up to `limit` batches, the newest first; those after the named one, when one is named. `None` where the tenant
    /// has no batch of that name.
    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError>;
}
