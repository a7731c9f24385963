//! `POST /v1/jobs/{job}/retry`: runs a failed job again, from its dead letter.
//!
//! Only the dead letter has the job's body, so nothing else can be retried; the error says why.

use std::sync::Arc;

use axum::{
    extract::{FromRef, State},
    http::StatusCode,
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::Path,
        state::HttpState,
    },
    jobs::{
        accepted::{self, AcceptedJob},
        service::Jobs,
    },
    ops::dead_letters::DeadLetters,
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<DeadLetters>: FromRef<S>,
    Arc<Jobs>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(retry_job))
}

/// Retry a job
///
/// Submits the job of the dead letter as a new job.
#[utoipa::path(post, path = "/v1/jobs/{job}/retry", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 202, description = "The new job", body = AcceptedJob),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 409, description = "The job has not failed, its dead letter is deleted, or the stored message is not a valid job",
            body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn retry_job(
    State(letters): State<Arc<DeadLetters>>,
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let stored = match letters.find(&caller.tenant, &id).await {
        Err(missing) if missing.status() == StatusCode::NOT_FOUND => return Err(why_not(&jobs, &caller, &id).await),
        found => found?,
    };
    Box::pin(letters.replay(&stored, None)).await.map(accepted::answer)
}

/// Why a job without a dead letter can't be retried.
async fn why_not(jobs: &Jobs, caller: &Caller, id: &str) -> ApiError {
    let job = match jobs.lookup.find(&caller.tenant, id).await {
        Ok(job) => job,
        Err(error) => return error,
    };
    let (code, what_to_do) = match job.state {
        "failed" => ("dead_letter_gone", "but its dead letter is gone: it was replayed or dropped, or is too old"),
        "done" => ("job_not_failed", "and only a failed job can be retried: submit it again as a new one"),
        "cancelled" => ("job_not_failed", "and its body is not stored: submit it again as a new one"),
        "retrying" => ("job_not_failed", "so it will be tried again by itself"),
        _ => ("job_not_failed", "so there is nothing to retry yet"),
    };
    ApiError::conflict(code, format!("job {} is {}, {what_to_do}", job.id, job.state)).param("job")
}
