//! Documents to be searched in, in collections. Workers write them; the gateway lists and deletes them.
//!
//! **Deletion is remembered.** A job that was accepted before does not bring back what was deleted, however late it runs
//! (`workers/src/ports/corpus.rs`).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId};

use serde_json::Value;
use uuid::Uuid;

use crate::jobs::StoreError;

/// A collection of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its name, unique within its tenant.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The language of documents that say none: a text search configuration.
    pub language: String,
    /// The model that it is searched with; none before its first document.
    pub model: Option<String>,
    /// The model that its documents are being embedded with anew.
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A collection to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The language of documents that say none: a text search configuration.
    pub language: String,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// A document, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedDocument {
    /// Its id.
    pub id: Uuid,
    /// Its collection.
    pub collection: String,
    /// What it is called where it comes from.
    pub source: String,
    /// Its title.
    pub title: Option<String>,
    /// Where a reader finds it.
    pub url: Option<String>,
    /// Its language: a text search configuration.
    pub language: String,
    /// What else is known of it.
    pub metadata: Value,
    /// When it was published.
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
    /// The model.
    pub model: String,
    /// How many chunks.
    pub chunks: u64,
    /// How many tokens they have together.
    pub tokens: u64,
}

/// A chunk, without its vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentChunk {
    /// Its id.
    pub id: i64,
    /// Its place in the document, from 0.
    pub position: u32,
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    /// Its text.
    pub text: String,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// The model that embedded it.
    pub model: String,
}

/// The part of the store that has documents to be searched in.
#[async_trait]
pub trait Corpus: Send + Sync + 'static {
    /// Up to `limit` collections, by name; those after the named one, when one is named.
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError>;

    /// A collection.
    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError>;

    /// Makes a collection; tells whether there was none of this name.
    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError>;

    /// Changes what is said of a collection, as far as it is given: a description of nothing is none. Tells whether there
    /// is such a collection.
    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Deletes a collection with all documents that were sent until then; tells whether there was one. Where others came
    /// meanwhile, it stays with those.
    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Up to `limit` documents, of one collection or of all, by collection and source; those after the named one, when one
    /// is named. `None` where the tenant has no document of that name.
    async fn indexed_documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError>;

    /// A document, and what each model has made of it.
    async fn indexed_document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError>;

    /// Up to `limit` chunks of a document by model and position, from this number on, as the collection's model made them,
    /// where it made any, else as others did. `None` where the tenant has no such document.
    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError>;

    /// Deletes a document with its chunks; tells whether there was one.
    async fn delete_indexed(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError>;
}
