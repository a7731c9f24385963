//! Keeps how jobs ended: once each, whoever commits first, and never by an attempt that was given up.
//!
//! **Fencing.** A worker that is presumed dead may still be at work, and may reach the database later than its
//! successor began. So a successor (an attempt after the first) registers itself with [`Ledger::fence`] before it
//! works, and a commit of an earlier attempt is refused from then on. Both calls take place one after the other,
//! for one job, never at once: so either the commit comes first, and `fence` tells the outcome, or the fence comes
//! first, and the commit is [`Committed::Fenced`]. There is no third way.
//!
//! **Tenants.** A job id belongs to the tenant that committed it first. To every other tenant it does not exist
//! ([`Ledger::ended`], [`Ledger::fence`]), and it can't be committed again ([`StoreError::Refused`], without a word
//! about its outcome). Nobody's fence holds up another tenant's job.
//!
//! **NUL.** Postgres keeps no U+0000 in texts: wherever one is given, U+FFFD is kept in its place.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Failure, JobId, JobRef, Kind, Lane, TenantId, event::Outcome, failure::codes, flow::Origin};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    conversations::Turn,
    documents::Indexing,
    error::StoreError,
    files::File,
    groups::{Group, Member},
    health::Health,
    jobs::EndedJob,
};

/// Keeps how jobs end.
#[async_trait]
pub trait Ledger: Health {
    /// Registers an attempt after the first, so that earlier ones may not commit any more. Tells how the job
    /// ended, if it has: then nothing is registered.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may or may not be registered. Again is always safe.
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError>;

    /// Keeps the outcome and all that belongs to it, or nothing. The first commit of a job wins.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it may or may not be kept; again is always safe, and then says
    /// [`Committed::Already`] if it was. [`StoreError::Refused`]: it never will be.
    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError>;

    /// How the job ended; `None` while it has not, and for another tenant's job.
    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError>;

    /// How far a group is; `None` where none of its members has ended and it is no batch.
    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError>;

    /// How the members of a group ended, in their order, at most `limit`.
    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError>;

    /// Jobs that ended before this time and have objects in the object store, the oldest first, at most `limit`.
    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError>;

    /// Notes that these jobs have no objects any more, so that their rows can be purged. Again is always safe.
    async fn released(&self, jobs: &[JobRef]) -> Result<(), StoreError>;

    /// Deletes what ended before this time (rows of jobs that have no objects, fences, groups and tombstones of documents),
    /// at most `limit` of each. Returns how many rows were deleted.
    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}

/// A job's end, as a worker saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    /// The attempt that ended it, from 1.
    pub attempt: u32,
    pub outcome: Outcome<Value>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// Stores keep microseconds.
    pub ended_at: DateTime<Utc>,
    /// The W3C trace id, in lower-case hexadecimal.
    pub trace_id: Option<String>,
    /// What else is to be kept, with the outcome or not at all.
    pub writes: Vec<Write>,
    /// Where it comes from, in a flow.
    pub origin: Option<Origin>,
    /// Its place in a group, which counts it in the same transaction.
    pub member: Option<Member>,
    /// The jobs that its end starts.
    pub children: Vec<JobId>,
    /// Whether it has objects in the object store: its body, its output, its file.
    pub objects: bool,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    /// It is kept.
    Stored,
    /// The job had ended before: this is its outcome, and the one that was given is not.
    Already(Stored),
    /// A later attempt has begun, or is needed since the document's collection went to another model meanwhile: this one
    /// must stop, and say nothing.
    Fenced,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub outcome: Outcome<Value>,
    /// The attempt that ended it.
    pub attempt: u32,
    pub kind: Kind,
}

impl TryFrom<EndedJob> for Stored {
    type Error = StoreError;
    fn try_from(job: EndedJob) -> Result<Self, StoreError> {
        Ok(Self { outcome: job.outcome()?, attempt: job.attempt, kind: job.kind })
    }
}

/// What a job leaves besides its outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Messages of a conversation.
    Turn(Turn),
    /// What it cost. At most one a job.
    Usage(Usage),
    /// A document in the object store, to be listed. At most one a job; it is deleted with the job's row.
    File(File),
    /// A document to be searched in, in place of what there is of it. At most one a job for each model. If what is kept was
    /// sent after this job, or deleted after it, nothing of it is written, and the rest is.
    Indexed(Arc<Indexing>),
}

/// Tokens read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub model: String,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

/// The refusal of a turn in a conversation of another tenant: the words for one that there is not.
pub(crate) fn no_such_conversation(id: Uuid) -> StoreError {
    let message =
        format!("there is no conversation {id}: take an id of GET /v1/conversations, or leave it out for a new one");
    StoreError::Refused(Failure::new(codes::UNKNOWN_CONVERSATION, message).with_param("conversation"))
}

/// The refusal of a job id that another tenant has used.
pub(crate) fn taken(job: &JobRef) -> StoreError {
    let message = format!("the job id {} is taken: send the job again with a new one (a UUIDv7)", job.id);
    StoreError::Refused(Failure::new(codes::INVALID, message).with_param("id"))
}

/// A text as it is kept.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A value as it is kept.
pub(crate) fn json(value: Value) -> Value {
    match value {
        Value::String(string) => Value::String(text(&string)),
        Value::Array(values) => values.into_iter().map(json).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (text(&name), json(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nul_is_kept_however_deep() {
        let value = serde_json::json!({"a\0": ["\0", {"b": "c\0d"}], "n": 1});
        let kept = json(value).to_string();
        assert!(!kept.contains("\\u0000") && kept.matches('\u{fffd}').count() == 3, "{kept}");
    }
}
