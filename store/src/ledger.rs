//! Keeps how jobs ended: once each, whoever commits first, and never by an attempt that was given up.
//!
//! **Fencing.** A worker that is presumed dead may still be at work, and may reach the database later than its
//! successor began. So a successor (an attempt after the first) registers itself with [`Ledger::fence`] before it
//! works, and a commit of an earlier attempt is refused from then on. Both calls take place one after the other,
//! for one job, never at once: so either the commit comes first, and `fence` tells the outcome, or the fence comes
//! first, and the commit is [`Committed::Fenced`]. There is no third way.
//!
//! **Tenants.** A job id belongs to the tenant that committed it first. To every other tenant it does not exist
//! ([`Ledger::ended`], [`Ledger::fence`]), and it can't be committed again ([`LedgerError::Refused`], without a word
//! about its outcome). Nobody's fence holds up another tenant's job.
//!
//! **NUL.** Postgres keeps no U+0000 in texts: wherever one is given, U+FFFD is kept in its place.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{
    Claim, Failure, JobId, JobRef, Kind, Lane, TenantId,
    event::Outcome,
    flow::Origin,
    kinds::chat::{Citation, Role},
};

use serde_json::Value;
use uuid::Uuid;

use crate::documents::Indexing;

/// The code of a failure that says that a result breaks a rule of the store.
pub const NOT_STORABLE: &str = "not_storable";

/// The longest title of a conversation, in characters.
pub const TITLE_CHARS: usize = 80;

/// Keeps how jobs ended.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Registers an attempt after the first, so that earlier ones may not commit any more. Tells how the job
    /// ended, if it has: then nothing is registered.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`]: it may or may not be registered. Again is always safe.
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError>;

    /// Keeps the outcome and all that belongs to it, or nothing. The first commit of a job wins.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`]: it may or may not be kept; again is always safe, and then says
    /// [`Committed::Already`] if it was. [`LedgerError::Refused`]: it never will be.
    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError>;

    /// How the job ended; `None` while it has not, and for another tenant's job.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError>;

    /// How far a group is; `None` where none of its members has ended and it is no batch.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, LedgerError>;

    /// How the members of a group ended, in their order, at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, LedgerError>;

    /// Jobs that ended before this time and have objects in the object store, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, LedgerError>;

    /// These jobs have no objects any more, so that they can be forgotten.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`]: again is always safe.
    async fn released(&self, jobs: &[JobRef]) -> Result<(), LedgerError>;

    /// Forgets what ended before this time (rows of jobs that have no objects, fences, groups and that documents were deleted),
    /// at most `limit` of each. Returns how many rows went.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, LedgerError>;

    /// Whether outcomes can be kept now.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`], with what is missing.
    async fn ready(&self) -> Result<(), LedgerError>;
}

/// A job's end, as a worker saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// The attempt that ended it, from 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome<Value>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it ended. Stores keep microseconds.
    pub ended_at: DateTime<Utc>,
    /// The W3C trace id, in lower-case hexadecimal.
    pub trace_id: Option<String>,
    /// What else is to be kept, with the outcome or not at all.
    pub keep: Vec<Keep>,
    /// Where it comes from, in a flow.
    pub origin: Option<Origin>,
    /// Its place in a group, which counts it in the same transaction.
    pub member: Option<Place>,
    /// The jobs that its end starts.
    pub children: Vec<JobId>,
    /// Whether it has objects in the object store: its body, its output, its document.
    pub objects: bool,
}

/// A place in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The group.
    pub group: Uuid,
    /// From 0.
    pub index: u32,
    /// How many there are, where its members know it.
    pub of: Option<u32>,
}

/// How far a group is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// How many there are; `None` while a batch is still being submitted.
    pub expected: Option<u64>,
    /// How many ended well.
    pub done: u64,
    /// How many ended badly.
    pub failed: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// The job to start when all have ended, of a batch.
    pub callback: Option<Value>,
    /// Whether it is a batch, with a log of its own.
    pub batch: bool,
}

impl Group {
    /// Whether all have ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.expected.is_some_and(|expected| self.done + self.failed + self.cancelled >= expected)
    }
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
    /// The outcome.
    pub outcome: Outcome<Value>,
    /// The attempt that ended it.
    pub attempt: u32,
    /// Its kind.
    pub kind: Kind,
}

/// What a job leaves besides its outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum Keep {
    /// What was said in a conversation.
    Turn(Turn),
    /// What it cost. At most one a job.
    Usage(Usage),
    /// A document in the object store, to be listed. At most one a job; it goes with the job's row.
    Document(Document),
    /// A document to be searched in, in place of what there is of it. At most one a job. Where what is kept was sent after
    /// this job, or deleted after it, nothing of it is written, and the rest is.
    Indexed(Arc<Indexing>),
}

/// Messages to append to a conversation. It is made if there is none of this id; where another tenant has it, the
/// commit is refused as `conversation_not_found`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The conversation.
    pub conversation: Uuid,
    /// The messages, the oldest first.
    pub messages: Vec<TurnMessage>,
}

/// A message to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The model that said it, for answers.
    pub model: Option<String>,
    /// The passages that it cites, where it had some to cite.
    pub citations: Option<Vec<Citation>>,
}

/// Tokens read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The model.
    pub model: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
}

/// A document that a job has stored, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub claim: Claim,
    /// `application/pdf`, for example.
    pub media_type: String,
    /// How many pages it has.
    pub pages: u32,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// The name of its template.
    pub template: String,
    /// Of how many things in the input it was said that they had no effect.
    pub warnings: u32,
}

/// Something could not be kept or read, and whether it ever can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Not now: try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Never, because of what was given.
    #[error("the result can't be kept: {0}")]
    Refused(Failure),
}

impl Turn {
    /// The title of a conversation that begins like this: the first words of the user on one line, at most
    /// [`TITLE_CHARS`] characters; empty where the user says nothing.
    #[must_use]
    pub fn title(&self) -> String {
        let first = self.messages.iter().find(|message| message.role == Role::User);
        let mut title = String::new();
        for word in first.into_iter().flat_map(|message| message.content.split_whitespace()) {
            if !title.is_empty() {
                title.push(' ');
            }
            // A long word is cut here already, so that a title costs no more than a title.
            title.extend(word.chars().take(TITLE_CHARS));
            if title.chars().count() >= TITLE_CHARS {
                break;
            }
        }
        title.chars().take(TITLE_CHARS).collect::<String>().trim_end().to_owned()
    }
}

/// The refusal of a turn in a conversation of another tenant: the words for one that there is not.
pub(crate) fn no_such_conversation(id: Uuid) -> LedgerError {
    let message =
        format!("there is no conversation {id}: take an id of GET /v1/conversations, or leave it out for a new one");
    LedgerError::Refused(
        Failure::new(ruche_schemas::failure::codes::UNKNOWN_CONVERSATION, message).with_param("conversation"),
    )
}

/// The refusal of a job id that another tenant has used.
pub(crate) fn taken(job: &JobRef) -> LedgerError {
    let message = format!("the job id {} is taken: send the job again with a new one (a UUIDv7)", job.id);
    LedgerError::Refused(Failure::new(ruche_schemas::failure::codes::INVALID, message).with_param("id"))
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

    fn titled(content: &str) -> String {
        let message =
            |role, content: &str| TurnMessage { role, content: content.to_owned(), model: None, citations: None };
        let messages = vec![message(Role::System, "Be brief."), message(Role::User, content), message(Role::User, "x")];
        Turn { conversation: Uuid::nil(), messages }.title()
    }

    #[test]
    fn a_title_is_the_first_words_of_the_user_on_one_line() {
        assert_eq!(titled("  Why is\n\tthe sky blue? "), "Why is the sky blue?");
        assert_eq!(titled(" \n "), "");
        assert_eq!(titled(&"é".repeat(200)), "é".repeat(80));
        assert_eq!(titled(&"ab ".repeat(200)).chars().count(), 80);
        assert_eq!(titled(&format!("{} b", "a".repeat(79))), "a".repeat(79));
    }

    #[test]
    fn no_nul_is_kept_however_deep() {
        let value = serde_json::json!({"a\0": ["\0", {"b": "c\0d"}], "n": 1});
        let kept = json(value).to_string();
        assert!(!kept.contains("\\u0000") && kept.matches('\u{fffd}').count() == 3, "{kept}");
    }
}
