//! What is kept: keys, ended jobs and conversations. The gateway reads; only keys does it write.
//!
//! Everything is asked for with its tenant, so that somebody else's id is as unknown as one that never was.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{EventType, JobRef, Kind, Lane, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::keys::ApiKey;

/// The store can't be reached, does not answer, or holds what can't be read: try again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database is not available: {0}")]
pub struct StoreError(pub String);

/// What is kept of an API key that is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The public part.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantId,
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
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Its W3C trace id.
    pub trace_id: Option<String>,
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
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The store.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The key with this public part, unless it is revoked.
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError>;

    /// Keeps a key, and its tenant if it is new.
    async fn create_key(&self, tenant: &TenantId, name: &str, key: ApiKey<'_>) -> Result<(), StoreError>;

    /// The row of a job that has ended.
    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError>;

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
