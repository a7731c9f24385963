//! Embedding models, and migrations of collections between them: workers re-embed the documents; the gateway lists
//! the missing ones, and switches when none is missing. A switch takes the collection's lock exclusively, which
//! writers of documents share, so it counts the missing documents while nobody writes.

use async_trait::async_trait;
use ruche_schemas::{JobId, TenantId};
use uuid::Uuid;

use crate::error::StoreError;

/// A model as workers know it: a file, and how it is used. Vectors of different versions are never compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelVersion {
    pub name: String,
    /// A hash of the model file and of how it is used.
    pub version: String,
    pub dimensions: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingModel {
    pub id: i32,
    pub name: String,
    pub version: String,
    pub dimensions: u32,
}

impl From<EmbeddingModel> for ModelVersion {
    fn from(EmbeddingModel { name, version, dimensions, .. }: EmbeddingModel) -> Self {
        Self { name, version, dimensions }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionModels {
    /// The model that queries use.
    pub searched: Option<ModelVersion>,
    /// Whether it has chunks of `searched`, so that a document embedded by another model would not be found.
    pub has_chunks: bool,
    /// The model of a running migration, with which the documents are re-embedded.
    pub next: Option<ModelVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The model that queries use; none before the first document.
    pub searched: Option<EmbeddingModel>,
    /// The target model; none if no migration is running.
    pub next: Option<EmbeddingModel>,
    pub documents: u64,
    /// Documents without chunks of the target model; 0 without a migration.
    pub missing: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub document: Uuid,
    pub source: String,
    /// The job that last wrote it; it differs after each change.
    pub job: JobId,
}

/// Selects chunks of a collection by model id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    Of(i32),
    NotOf(i32),
}

#[async_trait]
pub trait ModelMigrations: Send + Sync + 'static {
    /// Finds or creates the model of this name and version.
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<EmbeddingModel, StoreError>;

    /// `None` if the tenant has no such collection.
    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError>;

    /// Starts a migration; returns whether it runs now, which is false if one to another model is running.
    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError>;

    /// Up to `limit` documents without chunks of a model, by source, after the source `after`.
    async fn missing(
        &self,
        tenant: &TenantId,
        collection: &str,
        model: i32,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Missing>, StoreError>;

    /// Switches queries to this model, if it is the target of the migration and no document is missing. Returns
    /// whether it switched.
    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError>;

    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError>;

    /// Deletes up to `limit` chunks of a collection; returns their number, 0 when none is left.
    async fn delete_chunks(
        &self,
        tenant: &TenantId,
        collection: &str,
        which: Chunks,
        limit: u64,
    ) -> Result<u64, StoreError>;
}
