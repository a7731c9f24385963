//! The ledger stores how jobs ended: each job once, the first commit wins, and a fenced attempt never commits. A job
//! id belongs to the tenant that committed it first. Other tenants neither see it nor can commit it
//! ([`StoreError::Refused`], without its outcome), and their fences don't affect it.

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

#[async_trait]
pub trait Ledger: Health {
    /// Registers an attempt after the first; from then on commits of earlier attempts are refused. Returns the
    /// outcome if the job has ended; then nothing is registered.
    ///
    /// A worker presumed dead may still be at work and may commit after its successor began. So the successor calls
    /// `fence` before it works. `fence` and `commit` of one job are serialized: either the commit is first and
    /// `fence` returns the outcome, or the fence is first and the commit is [`Committed::Fenced`].
    ///
    /// Idempotent: after [`StoreError::Unavailable`] it may or may not be registered; repeat it.
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError>;

    /// Stores the outcome with all its writes, or nothing. The first commit of a job wins.
    ///
    /// Idempotent: after [`StoreError::Unavailable`] it may or may not be stored; repeat it, which returns
    /// [`Committed::Already`] if it was. [`StoreError::Refused`] is permanent.
    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError>;

    /// `None` while the job has not ended, and for another tenant's job.
    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError>;

    /// `None` if no member has ended and the group is no batch.
    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError>;

    /// The outcomes of at most `limit` members of a group, by index.
    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError>;
}

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
    /// In microseconds.
    pub ended_at: DateTime<Utc>,
    /// W3C trace id, in lower-case hexadecimal.
    pub trace_id: Option<String>,
    /// Side effects, stored in the same transaction as the outcome.
    pub writes: Vec<Write>,
    pub origin: Option<Origin>,
    /// Its place in a group, which counts it in the same transaction.
    pub member: Option<Member>,
    pub children: Vec<JobId>,
    /// Whether it has objects in the object store: its body, output or file.
    pub objects: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    Stored,
    /// The job had ended before, with this outcome; the given one is discarded.
    Already(Stored),
    /// A later attempt has begun, or is needed because the document's collection switched to another model: this
    /// attempt must stop without publishing anything.
    Fenced,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub outcome: Outcome<Value>,
    pub attempt: u32,
    pub kind: Kind,
}

impl TryFrom<EndedJob> for Stored {
    type Error = StoreError;
    fn try_from(job: EndedJob) -> Result<Self, StoreError> {
        Ok(Self { outcome: job.outcome()?, attempt: job.attempt, kind: job.kind })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    Turn(Turn),
    /// At most one per job.
    Usage(Usage),
    /// A document in the object store, for listing. At most one per job; deleted with the job's row.
    File(File),
    /// A searchable document, which replaces its earlier version. At most one per job and model. It is skipped, and
    /// the rest is written, if the stored version was sent, or the document deleted, after this job was accepted.
    Indexed(Arc<Indexing>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub model: String,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

/// Refuses a turn in another tenant's conversation, with the same message as for an unknown one.
pub(crate) fn no_such_conversation(id: Uuid) -> StoreError {
    let message =
        format!("there is no conversation {id}: take an id of GET /v1/conversations, or leave it out for a new one");
    StoreError::Refused(Failure::new(codes::UNKNOWN_CONVERSATION, message).with_param("conversation"))
}

/// Refuses a job id that another tenant has used.
pub(crate) fn taken(job: &JobRef) -> StoreError {
    let message = format!("the job id {} is taken: send the job again with a new one (a UUIDv7)", job.id);
    StoreError::Refused(Failure::new(codes::INVALID, message).with_param("id"))
}

/// Replaces U+0000, which Postgres can't store in texts, by U+FFFD.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Replaces U+0000 in all texts of a value.
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
