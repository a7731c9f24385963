//! Bodies and results that are too large for a message or a row, at the gateway's end.
//!
//! A body is kept before its job is published: what was accepted can be worked on. Where the job is refused, the body goes
//! again, unless it is, or may be, another submission's too.

use axum::http::StatusCode;
use bytes::Bytes;
use ruche_bus::objects::{ClaimError, ObjectError, Pieces};
use ruche_schemas::{
    Claim, JobRef, Record, TenantId,
    claim::{CLAIM_BYTES, Part},
};
use serde_json::{Value, value::RawValue};

use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
};

impl App {
    /// The most bytes that a request may have which submits a job.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        let small = self.settings.body_bytes;
        if self.claims.objects().is_none() {
            return small;
        }
        let kinds = self.kinds.values().map(|kind| kind.limits.payload_bytes).max().unwrap_or(0);
        let largest = kinds.min(usize::try_from(self.claims.max_bytes()).unwrap_or(usize::MAX));
        small.max(largest.saturating_add(limits::AROUND_BODY))
    }

    /// Keeps a body that is too large for a message: its claim, and what the message has in its place.
    ///
    /// # Errors
    /// 413 where it can't be kept, 503 where it can't be now.
    pub(crate) async fn keep_body<'a>(
        &self,
        job: &JobRef,
        body: &'a RawValue,
    ) -> Result<(Option<Claim>, &'a RawValue), ApiError> {
        let text = body.get();
        if text.len() <= CLAIM_BYTES {
            return Ok((None, body));
        }
        self.claims.fits(text.len()).map_err(|error| refused(text.len(), &error))?;
        let keeping = self.claims.put(job, Part::Body, Bytes::copy_from_slice(text.as_bytes()));
        let kept = tokio::time::timeout(limits::KEEP_TIME, keeping).await.unwrap_or_else(|_| {
            let late = format!("no answer within {} s", limits::KEEP_TIME.as_secs());
            Err(ObjectError::Unavailable(late).into())
        });
        let claim = kept.map_err(|error| match error.is_temporary() {
            true => unavailable(&error),
            false => refused(text.len(), &error),
        })?;
        Ok((Some(claim), RawValue::NULL))
    }

    /// What became of a job whose body was kept. Where it was refused, the body is deleted, as well as that goes: if the
    /// job is `new`, with an id that nobody else can have taken, or the body is not the one that its id stands for.
    pub(crate) async fn or_drop_body<T>(
        &self,
        claim: Option<&Claim>,
        new: bool,
        result: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (Err(error), Some(claim), Some(objects)) = (&result, claim, self.claims.objects()) else { return result };
        // Whether the job was published is not known after these.
        let unknown = error.status() == StatusCode::SERVICE_UNAVAILABLE && error.code_name() != Some("queue_full");
        let anothers = error.code_name() == Some("idempotency_key_reused");
        if anothers || (new && !unknown) {
            match tokio::time::timeout(limits::DROP_TIME, objects.delete(claim)).await {
                Ok(Ok(())) => {}
                // It is swept one day.
                left => {
                    tracing::warn!(error.message = ?left, ruche.object = claim.key, "an unwanted body is left behind")
                }
            }
        }
        result
    }

    /// An output that is in the object store, whole.
    ///
    /// # Errors
    /// 410 where it is gone, 500 where it was changed, 503.
    pub(crate) async fn claimed(&self, tenant: &TenantId, claim: &Claim) -> Result<Value, ApiError> {
        let bytes = self.claims.get(tenant, claim).await.map_err(|error| unreadable(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| ApiError::internal())
    }

    /// The same, piece by piece.
    ///
    /// # Errors
    /// As [`App::claimed`].
    pub(crate) async fn read_claimed(&self, tenant: &TenantId, claim: &Claim) -> Result<Pieces, ApiError> {
        self.claims.read(tenant, claim).await.map_err(|error| unreadable(&error))
    }

    /// An event with its data, wherever that is.
    ///
    /// # Errors
    /// As [`App::claimed`].
    pub(crate) async fn whole(&self, job: &JobRef, mut record: Record) -> Result<Record, ApiError> {
        if let Some(claim) = record.claim.take() {
            record.data = self.claimed(&job.tenant, &claim).await.map_err(|error| error.job(job.id))?;
        }
        Ok(record)
    }
}

/// 413: a body that can never be kept.
fn refused(bytes: usize, error: &ClaimError) -> ApiError {
    ApiError::too_large("body", format!("the job's body has {bytes} bytes: {error}"))
}

fn unavailable(error: &ClaimError) -> ApiError {
    tracing::warn!(error.message = %error, "the object store is not available");
    let message = "the object store, which keeps large bodies and results, can't be reached: try again in a moment";
    ApiError::unavailable("objects_unavailable", message, 2)
}

/// The answer where something can't be read back.
pub(crate) fn unreadable(error: &ClaimError) -> ApiError {
    match error {
        error if error.is_temporary() => unavailable(error),
        ClaimError::Object(ObjectError::Missing(_)) => {
            ApiError::gone("object_missing", "it is not kept any more: jobs are forgotten after worker.retention_days")
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
