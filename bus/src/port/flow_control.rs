//! What operators set, what is queued, and caps.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{JobId, JobRef, Kind, Lane, TenantId};
use serde::{Deserialize, Serialize};

use super::message::{Headers, Unavailable};

/// What is paused until it is resumed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pause {
    /// No worker takes jobs of this kind.
    Kind(Kind),
    /// No worker takes jobs of this tenant.
    Tenant(TenantId),
    /// This worker takes no jobs.
    Worker(String),
}

impl Pause {
    /// Its sort, such as `kind`, and its name.
    pub(crate) fn named(&self) -> (&'static str, &str) {
        match self {
            Self::Kind(kind) => ("kind", kind.as_str()),
            Self::Tenant(tenant) => ("tenant", tenant.as_str()),
            Self::Worker(worker) => ("worker", worker),
        }
    }
}

/// Over the caps of the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Running jobs of one kind, on all workers together; 0: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Submissions per second to one gateway; 0: no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// Jobs of one kind that have not ended, including those for later. The bus's own bound also applies, so this one
    /// can only be lower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
}

/// The tenants that have caps of their own.
pub type TenantCaps = BTreeMap<TenantId, Caps>;

/// A job that waits or runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its position in its queue.
    pub sequence: u64,
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    pub published_at: DateTime<Utc>,
    /// `None`: now.
    pub run_at: Option<DateTime<Utc>>,
    pub payload: Bytes,
    pub headers: Headers,
}

/// One of a tenant's slots for running jobs.
#[async_trait]
pub trait ConcurrencySlot: Send + Sync {
    /// Keeps it for another ack wait. Fails if another job has it.
    async fn renew(&self) -> Result<(), Unavailable>;
    async fn release(self: Box<Self>);
}

#[async_trait]
pub trait FlowControl: Send + Sync {
    async fn set_paused(&self, what: &Pause, paused: bool) -> Result<(), Unavailable>;

    /// All pauses: now, and again whenever they change. Survives reconnects.
    async fn pauses(&self) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable>;

    /// `None`: the settings' caps apply.
    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable>;

    /// The caps of all tenants with their own: now, and again whenever they change. Survives reconnects.
    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable>;

    /// A tenant's jobs of a kind that have not ended, in the order of their queue, after this position, at most
    /// `limit`.
    async fn queued(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Queued>, Unavailable>;

    async fn backlog(&self, kind: &Kind, tenant: &TenantId) -> Result<u64, Unavailable>;

    /// Takes one of a tenant's `cap` slots for running jobs of a kind; `None`: all are taken. A slot whose worker
    /// dies is free again after the ack wait.
    async fn acquire_slot(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn ConcurrencySlot>>, Unavailable>;

    /// Reserves a key for a job, for this window. Returns another job that has the key.
    async fn reserve(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        key: &str,
        window: Duration,
        job: JobId,
    ) -> Result<Option<JobId>, Unavailable>;
}
