//! Collections of documents, by name within a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    pub name: String,
    pub description: Option<String>,
    /// The language of documents that say none: a text search configuration.
    pub language: String,
    /// The model that it is searched with; none before its first document.
    pub model: Option<String>,
    /// The model that its documents are being embedded with anew.
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    pub name: String,
    pub description: Option<String>,
    /// The language of documents that say none: a text search configuration.
    pub language: String,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

#[async_trait]
pub trait Collections: Send + Sync + 'static {
    /// Up to `limit` collections, by name; those after the named one, when one is named.
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError>;

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError>;

    /// Tells whether there was none of this name.
    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError>;

    /// Changes what is given; an empty description becomes none. Tells whether there is such a collection.
    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Deletes a collection with all documents that were accepted until then; tells whether there was one. It stays with the
    /// documents that were accepted later.
    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError>;
}
