//! Documents to be searched in: what is kept of one, and what a job writes in its place.
//!
//! Reading is here; writing goes with the job's row, as [`Keep::Indexed`](super::ledger::Keep::Indexed), so that a
//! document's chunks appear all or none.
//!
//! **Which write counts.** The one that was accepted last, whoever commits first: a job never overwrites what was sent
//! after it, nor brings back what was deleted after it was sent ([`Standing::supersedes`]).

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use ruche_schemas::{JobId, TenantId};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::ledger::LedgerError;

/// BLAKE3.
pub type Hash = [u8; 32];

/// A model, as vectors remember it: those of two are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelVersion {
    /// Its name in answers.
    pub name: String,
    /// A hash of its file and of how it is used.
    pub version: String,
    /// Numbers of each vector.
    pub dimensions: u32,
}

/// The models of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// The one that it is searched with.
    pub searched: Option<ModelVersion>,
    /// Whether chunks of that one are in it, so that a document of another would not be found.
    pub has_chunks: bool,
    /// The one that it is going to be searched with: its documents are being embedded anew.
    pub next: Option<ModelVersion>,
}

/// Reads documents.
#[async_trait]
pub trait Corpus: Send + Sync + 'static {
    /// The models of a collection; none where there is no such collection.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn in_use(&self, tenant: &TenantId, collection: &str) -> Result<InUse, LedgerError>;

    /// How things stand with a document, as this model sees it.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn standing(&self, of: &Place, model: &ModelVersion) -> Result<Standing, LedgerError>;

    /// A document that is kept; `None` where the tenant has none of this id.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<Stored>, LedgerError>;
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its collection.
    pub collection: String,
    /// Its id.
    pub document: Uuid,
}

/// How things stand with a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The language of its collection, where there is one.
    pub language: Option<String>,
    /// When what is kept was accepted, and by which job.
    pub written: Option<(DateTime<Utc>, JobId)>,
    /// When it or its collection was deleted last.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The vectors of its chunks of this model, by the hash of what was embedded.
    pub vectors: HashMap<Hash, Vec<f32>>,
    /// How many chunks of this model it has.
    pub chunks: u32,
}

impl Standing {
    /// Whether a job that was accepted then may not write, because of what came after it.
    #[must_use]
    pub fn supersedes(&self, accepted_at: DateTime<Utc>, job: JobId) -> bool {
        let own = (stored_time(accepted_at), job);
        let later = self.written.is_some_and(|(at, by)| (stored_time(at), by) > own);
        later || self.deleted_at.is_some_and(|at| stored_time(at) >= own.0)
    }
}

/// A time as stores keep it: in microseconds.
#[must_use]
pub fn stored_time(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// What is to be known of a document besides its chunks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// Its collection.
    pub collection: String,
    /// What it is called where it comes from.
    pub source: String,
    /// Its title.
    pub title: Option<String>,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// A text search configuration.
    pub language: String,
    /// What else is known of it.
    pub metadata: Map<String, Value>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// What it was written in: `markdown`, `html`, `text` or `pdf`.
    pub format: String,
    /// Its text: Markdown, or plain text where it was that.
    pub content: String,
    /// How many tokens its chunks were asked to have, where somebody did.
    pub chunk_tokens: Option<u32>,
    /// How many of them repeat the end of the chunk before, where somebody asked for it.
    pub chunk_overlap: Option<u32>,
}

impl About {
    /// The hash of its content.
    #[must_use]
    pub fn hash(&self) -> Hash {
        *blake3::hash(self.content.as_bytes()).as_bytes()
    }
}

/// A document that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What is known of it.
    pub about: About,
    /// The hash of its content.
    pub hash: Hash,
}

/// A document to be kept with its chunks, in place of what there is of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexing {
    /// Its id.
    pub document: Uuid,
    /// What is known of it.
    pub about: About,
    /// The hash of its content.
    pub hash: Hash,
    /// Whether it was there already and is only embedded again: then nothing but its chunks of this model is written, and
    /// that only while its content is the same.
    pub again: bool,
    /// The model that embedded it.
    pub model: ModelVersion,
    /// Its chunks, in its order.
    pub chunks: Vec<Piece>,
}

/// A chunk with its vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    /// Its text.
    pub text: String,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// The hash of what was embedded.
    pub hash: Hash,
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_was_accepted_last_counts() {
        let (early, late, at) = (JobId::generate(), JobId::generate(), Utc::now());
        let written = |at, by| Standing { written: Some((at, by)), ..Standing::default() };
        let second = TimeDelta::seconds(1);
        assert!(!Standing::default().supersedes(at, early));
        assert!(written(at + second, early).supersedes(at, late));
        assert!(!written(at - second, late).supersedes(at, early));
        // At the same microsecond, the id decides, the same way for both.
        let nanos = TimeDelta::nanoseconds(1);
        let at = stored_time(at);
        assert!(written(at, late).supersedes(at + nanos, early));
        assert!(!written(at, early).supersedes(at + nanos, late));
        assert!(!written(at, early).supersedes(at, early), "its own write");
    }

    #[test]
    fn what_was_deleted_does_not_come_back_by_an_earlier_job() {
        let (job, at) = (JobId::generate(), Utc::now());
        let deleted = |at| Standing { deleted_at: Some(at), ..Standing::default() };
        assert!(deleted(at + TimeDelta::seconds(1)).supersedes(at, job));
        assert!(!deleted(at - TimeDelta::seconds(1)).supersedes(at, job));
    }
}
