//! Collections: documents that are searched together.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, failure::codes, kinds::embed::document::check_collection};
use ruche_store::{
    Store,
    collections::{Collection, NewCollection},
};

use crate::http::{error::ApiError, text::shown};

#[derive(Clone)]
pub struct Collections(Arc<dyn Store>);

impl Collections {
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, tenant: &TenantId, name: &str) -> Result<Collection, ApiError> {
        // The database would refuse some texts that cannot be names.
        check_collection("name", name).map_err(|_| unknown(name))?;
        self.0.collection(tenant, name).await?.ok_or_else(|| unknown(name))
    }

    /// A page of collections after this name.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, ApiError> {
        Ok(self.0.collections(tenant, limit, after).await?)
    }

    /// # Errors
    /// 409 when the name exists; 503.
    pub(crate) async fn create(&self, tenant: &TenantId, new: &NewCollection) -> Result<Collection, ApiError> {
        let name = &new.name;
        if !self.0.create_collection(tenant, new).await? {
            let message =
                format!("there is a collection {name:?} already: change it with PATCH /v1/collections/{name}");
            return Err(ApiError::conflict("collection_exists", message).param("name"));
        }
        self.find(tenant, name).await
    }

    /// Changes the given fields; an empty description removes it.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn change(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<Collection, ApiError> {
        self.0.change_collection(tenant, name, description, language).await?;
        self.find(tenant, name).await
    }

    /// Deletes a collection with all its documents.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<(), ApiError> {
        check_collection("name", name).map_err(|_| unknown(name))?;
        match self.0.delete_collection(tenant, name, at).await? {
            true => Ok(()),
            false => Err(unknown(name)),
        }
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(
        codes::UNKNOWN_COLLECTION,
        format!("there is no collection {:?}: GET /v1/collections lists those that there are", shown(name)),
    )
    .param("collection")
}
