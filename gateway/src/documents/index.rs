//! Indexed documents: list, get, delete.

use std::sync::Arc;

use ruche_schemas::{TenantId, clock, failure::codes};
use ruche_store::{
    Store,
    documents::{ChunkCount, DocumentChunk, IndexedDocument},
};
use uuid::Uuid;

use super::collections::Collections;
use crate::http::{error::ApiError, text::shown};

#[derive(Clone)]
pub struct Index {
    store: Arc<dyn Store>,
    collections: Collections,
}

impl Index {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, collections: Collections) -> Self {
        Self { store, collections }
    }

    /// A page of documents, of one collection or of all.
    ///
    /// # Errors
    /// 404 for an unknown collection, and when the document that the page begins after is gone; 503.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Vec<IndexedDocument>, ApiError> {
        if let Some(collection) = collection {
            self.collections.find(tenant, collection).await?;
        }
        let found = self.store.documents(tenant, collection, limit, after).await?;
        found.ok_or_else(|| unknown(&after.unwrap_or_default().to_string()).param("after"))
    }

    /// A document, with each model's index of it.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<(IndexedDocument, Vec<ChunkCount>), ApiError> {
        self.store.document(tenant, parsed(id)?).await?.ok_or_else(|| unknown(id))
    }

    /// A page of a document's chunks, from this position on.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn chunks(
        &self,
        tenant: &TenantId,
        id: &str,
        limit: u64,
        from: u64,
    ) -> Result<Vec<DocumentChunk>, ApiError> {
        self.store.chunks(tenant, parsed(id)?, limit, from).await?.ok_or_else(|| unknown(id))
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, id: &str) -> Result<(), ApiError> {
        match self.store.delete_document(tenant, parsed(id)?, clock::now()).await? {
            true => Ok(()),
            false => Err(unknown(id)),
        }
    }
}

/// A text that is no id is unknown.
fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(
        codes::UNKNOWN_DOCUMENT,
        format!("there is no document {:?}: GET /v1/documents lists those that there are", shown(id)),
    )
    .param("id")
}
