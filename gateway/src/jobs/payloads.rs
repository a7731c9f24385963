//! Bodies and results that are too large for a message or a row.
//!
//! A body is offloaded before its job is published, so that an accepted job can run. The body of a refused job is
//! deleted, unless another submission has or may have it too.

use axum::http::StatusCode;
use bytes::Bytes;
use ruche_schemas::{
    Claim, JobRef, TenantId,
    claim::{CLAIM_BYTES, Part},
};
use ruche_store::objects::{ClaimError, Claims, ObjectError, Pieces};
use serde_json::{Value, value::RawValue};

use crate::http::{error::ApiError, limits};

#[derive(Debug, Clone)]
pub struct Payloads(Claims);

impl Payloads {
    #[must_use]
    pub fn new(claims: Claims) -> Self {
        Self(claims)
    }

    /// Whether there is an object store.
    #[must_use]
    pub fn can_store(&self) -> bool {
        self.0.objects().is_some()
    }

    /// Offloads a body that is too large for a message: its claim, and the body in the message.
    ///
    /// # Errors
    /// 413 for a body that can never be stored, 503 while the store is away.
    pub(crate) async fn offload<'a>(
        &self,
        job: &JobRef,
        body: &'a RawValue,
    ) -> Result<(Option<Claim>, &'a RawValue), ApiError> {
        let text = body.get();
        if text.len() <= CLAIM_BYTES {
            return Ok((None, body));
        }
        self.0.fits(text.len()).map_err(|error| refused(text.len(), &error))?;
        let putting = self.0.put(job, Part::Body, Bytes::copy_from_slice(text.as_bytes()));
        let put = tokio::time::timeout(limits::OFFLOAD_TIME, putting).await.unwrap_or_else(|_| {
            let late = format!("no answer within {} s", limits::OFFLOAD_TIME.as_secs());
            Err(ObjectError::Unavailable(late).into())
        });
        let claim = put.map_err(|error| match error.is_temporary() {
            true => unavailable(&error),
            false => refused(text.len(), &error),
        })?;
        Ok((Some(claim), RawValue::NULL))
    }

    /// The outcome of a job with an offloaded body. A refused job's body is deleted, at best effort, if the job is
    /// `new`, with an id that nobody else can have, or the body is not that of the id's job.
    pub(crate) async fn or_delete<T>(
        &self,
        claim: Option<&Claim>,
        new: bool,
        result: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (Err(error), Some(claim)) = (&result, claim) else { return result };
        // After these it is unknown whether the job was published.
        let unknown = error.status() == StatusCode::SERVICE_UNAVAILABLE && error.code_name() != Some("queue_full");
        let anothers = error.code_name() == Some("idempotency_key_reused");
        if (anothers || (new && !unknown)) && self.can_store() && !self.delete(claim).await {
            // A worker's sweep deletes it later.
            tracing::warn!(ruche.object = claim.key, "the body of a refused job is left behind");
        }
        result
    }

    /// True if it is gone.
    pub(crate) async fn delete(&self, claim: &Claim) -> bool {
        let Some(objects) = self.0.objects() else { return false };
        match tokio::time::timeout(limits::DELETE_TIME, objects.delete(claim)).await {
            Ok(Ok(())) => true,
            left => {
                tracing::warn!(error.message = ?left, ruche.object = claim.key, "an object could not be deleted");
                false
            }
        }
    }

    /// The whole object.
    ///
    /// # Errors
    /// 410 for an object that is gone, 500 for one that was changed, 503.
    pub(crate) async fn bytes(&self, tenant: &TenantId, claim: &Claim) -> Result<Bytes, ApiError> {
        self.0.get(tenant, claim).await.map_err(|error| unreadable(&error))
    }

    /// # Errors
    /// As [`Payloads::bytes`].
    pub(crate) async fn json(&self, tenant: &TenantId, claim: &Claim) -> Result<Value, ApiError> {
        serde_json::from_slice(&self.bytes(tenant, claim).await?).map_err(|_| ApiError::internal())
    }

    /// As [`Payloads::bytes`], piece by piece.
    pub(crate) async fn read(&self, tenant: &TenantId, claim: &Claim) -> Result<Pieces, ApiError> {
        self.0.read(tenant, claim).await.map_err(|error| unreadable(&error))
    }
}

/// 413: a body that can never be stored.
fn refused(bytes: usize, error: &ClaimError) -> ApiError {
    ApiError::too_large("body", format!("the job's body has {bytes} bytes: {error}"))
}

fn unavailable(error: &ClaimError) -> ApiError {
    tracing::warn!(error.message = %error, "the object store is not available");
    let message = "the object store, which keeps large bodies and results, can't be reached: try again in a moment";
    ApiError::unavailable("objects_unavailable", message, 2)
}

fn unreadable(error: &ClaimError) -> ApiError {
    match error {
        error if error.is_temporary() => unavailable(error),
        ClaimError::Object(ObjectError::Missing(_)) => {
            ApiError::gone("object_missing", "it is no longer stored: jobs are deleted after worker.retention_days")
        }
        error => {
            tracing::error!(error.message = %error, "an object can't be read");
            ApiError::unreadable(
                "object_corrupt",
                "the object store no longer has what was put there; its log and the gateway's have the cause",
            )
        }
    }
}
