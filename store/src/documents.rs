//! Documents to be searched in: what is kept of one, and what a job writes in its place.
//!
//! Writing goes with the job's row ([`Write::Indexed`](crate::ledger::Write::Indexed)), so that a document's chunks appear
//! all or none.
//!
//! **Which write counts.** The one that was accepted last, whoever commits first: a job never overwrites what was sent
//! after it, nor brings back what was deleted after it was sent ([`Status::supersedes`]).

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
    /// Up to `limit` documents, of one collection or of all, by collection and source; those after the named one, when one
    /// is named. `None` where the tenant has no document of that name.
    async fn documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError>;

    /// A document, and what each model has made of it.
    async fn document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError>;

    /// Up to `limit` chunks of a document by position, from this number on, by the collection's model if that made any, else
    /// by another one. `None` where the tenant has no such document.
    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError>;

    /// Deletes a document with its chunks; tells whether there was one. Jobs that were accepted until `at` do not bring it
    /// back, however late they run.
    async fn delete_document(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// The models of a collection; none where there is no such collection.
    async fn models_of(&self, tenant: &TenantId, collection: &str) -> Result<CollectionModels, StoreError>;

    /// What is known of a document to be written, with the chunks of this model.
    async fn status(&self, of: &DocumentKey, model: &ModelVersion) -> Result<Status, StoreError>;

    /// A document with its text; `None` where the tenant has none of this id.
    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<StoredDocument>, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKey {
    pub tenant: TenantId,
    pub collection: String,
    pub document: Uuid,
}

/// What is known of a document before it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
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

impl Status {
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

/// What is known of a document besides its chunks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentMeta {
    pub collection: String,
    /// What it is called where it comes from.
    pub source: String,
    pub title: Option<String>,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// A text search configuration.
    pub language: String,
    pub metadata: Map<String, Value>,
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

impl DocumentMeta {
    /// The hash of its content.
    #[must_use]
    pub fn hash(&self) -> Hash {
        *blake3::hash(self.content.as_bytes()).as_bytes()
    }
}

/// A document with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    pub meta: DocumentMeta,
    /// The hash of its content.
    pub hash: Hash,
}

/// A document without its text, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedDocument {
    pub id: Uuid,
    pub collection: String,
    /// What it is called where it comes from.
    pub source: String,
    pub title: Option<String>,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// A text search configuration.
    pub language: String,
    pub metadata: Value,
    pub published_at: Option<DateTime<Utc>>,
    /// `markdown`, `html`, `text` or `pdf`.
    pub format: String,
    /// The length of its text.
    pub bytes: u64,
    /// The job that wrote it.
    pub job: JobId,
    /// When that was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When it was written.
    pub updated_at: DateTime<Utc>,
}

/// What a model has made of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkCount {
    pub model: String,
    pub chunks: u64,
    /// Of all its chunks together.
    pub tokens: u64,
}

/// A chunk without its vector, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentChunk {
    pub id: i64,
    /// Its place in the document, from 0.
    pub position: u32,
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    pub text: String,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// The model that embedded it.
    pub model: String,
}

/// A document to be kept with its chunks, in place of what there is of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Indexing {
    /// Its id.
    pub document: Uuid,
    pub meta: DocumentMeta,
    /// The hash of its content.
    pub hash: Hash,
    /// Whether it is kept already and is only embedded again: then nothing but its chunks of this model is written, and
    /// that only while its content is the same.
    pub again: bool,
    /// The model that embedded it.
    pub model: ModelVersion,
    /// Its chunks, in its order.
    pub chunks: Vec<Chunk>,
}

/// A chunk with its vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    pub text: String,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// The hash of what was embedded.
    pub hash: Hash,
    /// Of length 1.
    pub vector: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_was_accepted_last_counts() {
        let (early, late, at) = (JobId::generate(), JobId::generate(), Utc::now());
        let written = |at, by| Status { written: Some((at, by)), ..Status::default() };
        let second = TimeDelta::seconds(1);
        assert!(!Status::default().supersedes(at, early));
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
        let deleted = |at| Status { deleted_at: Some(at), ..Status::default() };
        assert!(deleted(at + TimeDelta::seconds(1)).supersedes(at, job));
        assert!(!deleted(at - TimeDelta::seconds(1)).supersedes(at, job));
    }
}
