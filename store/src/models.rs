//! Embedding models, and collections on their way from one to another. Workers embed the documents anew; the gateway says which
//! are missing, and switches once none is.
//!
//! **Nothing is lost in between.** A switch takes the collection's lock alone, which writers of documents share: so it counts
//! what is missing while nobody writes.

use async_trait::async_trait;
use ruche_schemas::{JobId, TenantId};
use uuid::Uuid;

use crate::error::StoreError;

/// A model as workers know it: a file, and how it is used. Vectors of two are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelVersion {
    /// Its name in answers.
    pub name: String,
    /// A hash of its file and of how it is used.
    pub version: String,
    /// Numbers of each vector.
    pub dimensions: u32,
}

/// A model as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingModel {
    /// Its number, in chunks.
    pub id: i32,
    /// What workers call it.
    pub name: String,
    /// Which file of that name, and how it is used.
    pub version: String,
    /// Numbers of each vector.
    pub dimensions: u32,
}

impl From<EmbeddingModel> for ModelVersion {
    fn from(EmbeddingModel { name, version, dimensions, .. }: EmbeddingModel) -> Self {
        Self { name, version, dimensions }
    }
}

/// The models of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionModels {
    /// The one that it is searched with.
    pub searched: Option<ModelVersion>,
    /// Whether chunks of that one are in it, so that a document of another would not be found.
    pub has_chunks: bool,
    /// The one that it is going to be searched with: its documents are being embedded anew.
    pub next: Option<ModelVersion>,
}

/// How far a collection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The model that it is searched with; none before its first document.
    pub searched: Option<EmbeddingModel>,
    /// The model that it goes to, if it goes to one.
    pub next: Option<EmbeddingModel>,
    /// How many documents it has.
    pub documents: u64,
    /// How many of them have no chunks of the model that it goes to; 0 where it goes to none.
    pub missing: u64,
}

/// A document that has no chunks of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub document: Uuid,
    /// What it is called where it comes from.
    pub source: String,
    /// The job that wrote it: another one each time that it changes.
    pub job: JobId,
}

/// Which chunks of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// Those of this model.
    Of(i32),
    /// Those of all other models.
    NotOf(i32),
}

#[async_trait]
pub trait ModelMigrations: Send + Sync + 'static {
    /// The model of this name and version; it is made if there is none.
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<EmbeddingModel, StoreError>;

    /// How far a collection is. `None` where the tenant has no such collection.
    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError>;

    /// Lets a collection go to a model, by its number. Tells whether it does now: not where it goes to another one.
    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError>;

    /// Up to `limit` documents without chunks of a model, by source, after the named one.
    async fn missing(
        &self,
        tenant: &TenantId,
        collection: &str,
        model: i32,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Missing>, StoreError>;

    /// Lets a collection be searched with the model that it goes to, if that is this one and no document is missing. Tells
    /// whether it was switched.
    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError>;

    /// Lets a collection that goes to this model stay with the one that it has.
    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError>;

    /// Deletes up to `limit` chunks of a collection; tells how many. None where none is left.
    async fn delete_chunks(
        &self,
        tenant: &TenantId,
        collection: &str,
        which: Chunks,
        limit: u64,
    ) -> Result<u64, StoreError>;
}
