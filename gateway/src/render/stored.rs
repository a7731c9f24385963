//! Stored documents.

use std::sync::Arc;

use axum::{http::HeaderMap, response::Response};
use ruche_schemas::{JobId, JobRef, TenantId};
use ruche_store::{Store, files::StoredFile};

use super::{answer, service::no_objects};
use crate::{
    http::{error::ApiError, text::shown},
    jobs::payloads::Payloads,
};

#[derive(Clone)]
pub struct StoredRenders {
    store: Arc<dyn Store>,
    payloads: Payloads,
}

impl StoredRenders {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, payloads: Payloads) -> Self {
        Self { store, payloads }
    }

    /// The newest first.
    ///
    /// # Errors
    /// 404 when the document that the page begins after is gone; 503.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Vec<StoredFile>, ApiError> {
        let found = self.store.files(tenant, limit, after).await?;
        found.ok_or_else(|| unknown(&after.map(|id| id.0).unwrap_or_default().to_string()).param("after"))
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, job: &JobRef) -> Result<StoredFile, ApiError> {
        self.store.file(job).await?.ok_or_else(|| unknown(&job.id.to_string()))
    }

    /// Deletes a document: first its object, then its row.
    ///
    /// # Errors
    /// 404; 501 without an object store; 503: safe to repeat.
    pub(crate) async fn delete(&self, tenant: &TenantId, id: &str) -> Result<(), ApiError> {
        let document = self.find(&reference(tenant, id)?).await?;
        if !self.payloads.can_store() {
            return Err(no_objects());
        }
        if !document.file.claim.is_of(tenant) {
            return Err(ApiError::internal());
        }
        if !self.payloads.delete(&document.file.claim).await {
            let message = "the object store did not delete the document: try again in a moment";
            return Err(ApiError::unavailable("objects_unavailable", message, 2));
        }
        match self.store.forget_file(&document.job).await? {
            true => Ok(()),
            false => Err(unknown(id)),
        }
    }

    /// 304 if the client has it.
    ///
    /// # Errors
    /// 410 for an object that is gone, 500 for one that was changed, 503.
    pub(crate) async fn respond(
        &self,
        job: &JobRef,
        document: &StoredFile,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        answer::stored(&self.payloads, job, document, headers).await
    }
}

/// # Errors
/// 404 for text that is no id.
pub(crate) fn reference(tenant: &TenantId, id: &str) -> Result<JobRef, ApiError> {
    let id = id.parse().map_err(|_| unknown(id))?;
    Ok(JobRef { tenant: tenant.clone(), id })
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(
        "render_not_found",
        format!("there is no stored document {:?}: GET /v1/renders lists those that there are", shown(id)),
    )
    .param("id")
}
