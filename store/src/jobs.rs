//! What is kept: keys, ended jobs, batches, conversations, documents, templates, collections and bots. The gateway reads;
//! it writes only keys, batches, templates, collections, bots, and the end of a job that was cancelled before its time and
//! that no worker will ever see.
//!
//! Everything is asked for with its tenant, so that somebody else's id is as unknown as one that never was.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, EventType, JobId, JobRef, Kind, Lane, TenantId, flow::Template, kinds::chat::Citation};

use serde_json::Value;
use uuid::Uuid;

use crate::{bots::Bots, collections::Corpus, files::Documents, keys::ApiKey, models::Migrations, search::Search};

/// The store can't be reached, does not answer, or holds what can't be read: try again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database is not available: {0}")]
pub struct StoreError(pub String);

/// What a key may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// It acts for its tenant.
    #[default]
    Member,
    /// It also sees and steers queues, workers, holds and other tenants.
    Admin,
}

impl Role {
    /// As it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(role: &str) -> Result<Self, String> {
        match role {
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            other => Err(format!("{other:?} is no role: there are member and admin")),
        }
    }
}

/// What is kept of an API key that is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The public part.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it may do.
    pub role: Role,
    /// BLAKE3 of the secret part, 32 bytes.
    pub hash: Vec<u8>,
}

/// A job that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedJob {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// The attempt that ended it, from 1.
    pub attempt: u32,
    /// How it ended: `Done`, `Failed` or `Cancelled`.
    pub state: EventType,
    /// The output or the failure, as in the final event.
    pub data: Value,
    /// Where the output is, when it is in the object store.
    pub claim: Option<Claim>,
    /// Whether it may have objects in the object store.
    pub objects: bool,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Its W3C trace id.
    pub trace_id: Option<String>,
    /// The first job of its flow.
    pub root: Option<JobId>,
    /// The job whose end started it.
    pub parent: Option<JobId>,
    /// The batch or the fan that it is counted in.
    pub group: Option<Uuid>,
    /// The jobs that its end started.
    pub children: Vec<JobId>,
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

/// A batch: jobs that are counted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub tenant: TenantId,
    /// How many jobs were sent into it, so far or in all.
    pub total: u64,
    /// Whether that is all.
    pub closed: bool,
    /// How many ended well.
    pub done: u64,
    /// How many ended badly.
    pub failed: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// The job to start when all have ended.
    pub callback: Option<Template>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the last of its jobs ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Batch {
    /// Whether it is closed and all its jobs have ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.closed && self.done + self.failed + self.cancelled >= self.total
    }
}

/// A conversation, without its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// The beginning of its first message.
    pub title: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When the last message came.
    pub updated_at: DateTime<Utc>,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its place among all messages.
    pub id: i64,
    /// The job that brought it.
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
    /// The model that said it.
    pub model: Option<String>,
    /// The passages that it cites, where it had some to cite.
    pub citations: Option<Vec<Citation>>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The store.
#[async_trait]
pub trait Store: Bots + Corpus + Documents + Migrations + Search {
    /// The key with this public part, unless it is revoked.
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError>;

    /// Keeps a key, and its tenant if it is new.
    async fn create_key(&self, tenant: &TenantId, name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError>;

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

    /// Keeps the end of a job that was cancelled before its time, unless it has ended, and counts it in its batch.
    /// Tells the batch if it has one.
    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError>;

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

    /// Closes a batch: what was added is all. Tells how it is then, also where it was closed before; `None` where the
    /// tenant has no such batch.
    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError>;

    /// A batch.
    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError>;

    /// Up to `limit` batches, the newest first; those after the named one, when one is named. `None` where the tenant
    /// has no batch of that name.
    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError>;

    /// Up to `limit` conversations, the one changed last first; those after the named one, when one is named.
    /// `None` where the tenant has no conversation of that name.
    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError>;

    /// A conversation with its newest messages, at most `limit`, the oldest of them first.
    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError>;

    /// Whether the tenant has this conversation.
    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError>;

    /// Whether the store answers.
    async fn ready(&self) -> Result<(), StoreError>;
}
