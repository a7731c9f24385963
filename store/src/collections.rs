//! Collections of documents, by name within a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    pub name: String,
    pub description: Option<String>,
    /// The language of documents that say none; `auto` detects it.
    pub language: String,
    /// The model that embeds queries; none before the first document.
    pub model: Option<String>,
    /// The model of a running migration: the documents are re-embedded with it.
    pub next_model: Option<String>,
    pub documents: u64,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    pub name: String,
    pub description: Option<String>,
    /// The language of documents that say none; `auto` detects it.
    pub language: String,
    pub at: DateTime<Utc>,
}

#[async_trait]
pub trait Collections: Send + Sync + 'static {
    /// Up to `limit` collections sorted by name, after the collection named `after`.
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError>;

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError>;

    /// Returns false if the name is taken.
    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError>;

    /// Changes the given fields; an empty description becomes none. Returns whether the collection exists.
    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Deletes a collection with all documents accepted up to `at`; returns whether it existed. If later documents
    /// remain, the collection remains with them.
    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError>;
}
