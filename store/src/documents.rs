//! Searchable documents with their chunks. A document is written in the transaction of its job's row
//! ([`Write::Indexed`](crate::ledger::Write::Indexed)), so its chunks appear all or none. The write accepted last
//! wins, whatever the commit order: no job overwrites or restores what was sent or deleted after it
//! ([`Status::supersedes`]).

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use ruche_schemas::{JobId, TenantId};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    error::StoreError,
    models::{CollectionModels, ModelVersion},
};

/// BLAKE3.
pub type Hash = [u8; 32];

#[async_trait]
pub trait DocumentStore: Send + Sync + 'static {
    /// Up to `limit` documents of one collection or of all, sorted by collection and source, after the document
    /// `after`. `None` if the tenant has no document with that id.
    async fn documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError>;

    async fn document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError>;

    /// Up to `limit` chunks of a document by position, starting at `from`. Prefers chunks of the collection's model,
    /// else those of another model. `None` if the tenant has no such document.
    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError>;

    /// Deletes a document with its chunks; returns whether it existed. Jobs accepted up to `at` never restore it,
    /// however late they run.
    async fn delete_document(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Empty if there is no such collection.
    async fn models_of(&self, tenant: &TenantId, collection: &str) -> Result<CollectionModels, StoreError>;

    /// The state of a document before it is written, with the chunks of this model.
    async fn status(&self, of: &DocumentKey, model: &ModelVersion) -> Result<Status, StoreError>;

    /// `None` if the tenant has no such document.
    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<StoredDocument>, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKey {
    pub tenant: TenantId,
    pub collection: String,
    pub document: Uuid,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// The collection's language; none if there is no such collection.
    pub language: Option<String>,
    /// When the stored version was accepted, and its job.
    pub written: Option<(DateTime<Utc>, JobId)>,
    /// When the document or its collection was last deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Vectors of the chunks of this model, by the hash of the embedded text.
    pub vectors: HashMap<Hash, Vec<f32>>,
    pub chunks: u32,
}

impl Status {
    /// Whether a job accepted at that time must not write, because a later write or deletion came first.
    #[must_use]
    pub fn supersedes(&self, accepted_at: DateTime<Utc>, job: JobId) -> bool {
        let own = (stored_time(accepted_at), job);
        let later = self.written.is_some_and(|(at, by)| (stored_time(at), by) > own);
        later || self.deleted_at.is_some_and(|at| stored_time(at) >= own.0)
    }
}

/// Truncates a time to microseconds, as stores keep it.
#[must_use]
pub fn stored_time(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// A document's data without its chunks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentMeta {
    pub collection: String,
    /// Its identifier at its origin, such as a path or URL.
    pub source: String,
    pub title: Option<String>,
    pub url: Option<String>,
    /// It stems the words.
    pub language: String,
    pub metadata: Map<String, Value>,
    pub published_at: Option<DateTime<Utc>>,
    /// The original format: `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`.
    pub format: String,
    /// Markdown, or plain text if the original was plain text.
    pub content: String,
    /// The requested chunk size, in tokens.
    pub chunk_tokens: Option<u32>,
    /// The requested overlap of successive chunks, in tokens.
    pub chunk_overlap: Option<u32>,
}

impl DocumentMeta {
    #[must_use]
    pub fn hash(&self) -> Hash {
        *blake3::hash(self.content.as_bytes()).as_bytes()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    pub meta: DocumentMeta,
    pub hash: Hash,
}

/// A document without its text, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedDocument {
    pub id: Uuid,
    pub collection: String,
    /// Its identifier at its origin, such as a path or URL.
    pub source: String,
    pub title: Option<String>,
    pub url: Option<String>,
    /// It stems the words.
    pub language: String,
    pub metadata: Value,
    pub published_at: Option<DateTime<Utc>>,
    /// `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`.
    pub format: String,
    /// Length of the text.
    pub bytes: u64,
    /// The job that last wrote it.
    pub job: JobId,
    pub accepted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkCount {
    pub model: String,
    pub chunks: u64,
    /// Sum over all chunks.
    pub tokens: u64,
}

/// A chunk without its vector, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentChunk {
    pub id: i64,
    /// In the document, from 0.
    pub position: u32,
    /// The headings above it, outermost first.
    pub path: Vec<String>,
    pub text: String,
    pub tokens: u32,
    pub model: String,
}

/// A document to be stored with its chunks, in place of its earlier version.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexing {
    pub document: Uuid,
    pub meta: DocumentMeta,
    pub hash: Hash,
    /// True when a stored document is only re-embedded: then only its chunks of this model are written, and only
    /// while its content is unchanged.
    pub again: bool,
    pub model: ModelVersion,
    pub chunks: Vec<Chunk>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The headings above it, outermost first.
    pub path: Vec<String>,
    pub text: String,
    pub tokens: u32,
    /// Hash of the embedded text.
    pub hash: Hash,
    /// Normalized to length 1.
    pub vector: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ruche_schemas::clock;

    use super::*;

    #[test]
    fn what_was_accepted_last_counts() {
        let (early, late, at) = (JobId::generate(), JobId::generate(), clock::now());
        let written = |at, by| Status { written: Some((at, by)), ..Status::default() };
        let second = TimeDelta::seconds(1);
        assert!(!Status::default().supersedes(at, early));
        assert!(written(at + second, early).supersedes(at, late));
        assert!(!written(at - second, late).supersedes(at, early));
        // At the same microsecond the job id decides, in both directions.
        let nanos = TimeDelta::nanoseconds(1);
        let at = stored_time(at);
        assert!(written(at, late).supersedes(at + nanos, early));
        assert!(!written(at, early).supersedes(at + nanos, late));
        assert!(!written(at, early).supersedes(at, early), "its own write");
    }

    #[test]
    fn what_was_deleted_does_not_come_back_by_an_earlier_job() {
        let (job, at) = (JobId::generate(), clock::now());
        let deleted = |at| Status { deleted_at: Some(at), ..Status::default() };
        assert!(deleted(at + TimeDelta::seconds(1)).supersedes(at, job));
        assert!(!deleted(at - TimeDelta::seconds(1)).supersedes(at, job));
    }
}
