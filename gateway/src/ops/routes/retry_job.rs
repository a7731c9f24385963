//! `POST /v1/jobs/{job}/retry`: a failed job again, by its dead letter.
//!
//! Only the dead letter keeps what the job was, so nothing else can be retried; who asks is told why.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use super::dead;
use crate::jobs::routes::{get_job, submit_job};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::Path,
        error::{ApiError, ErrorBody},
    },
};

/// Retry a job
///
/// Replays its dead letter as a new job.
#[utoipa::path(post, path = "/v1/jobs/{job}/retry", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 202, description = "The new job", body = submit_job::AcceptedJob),
        (status = 404, description = "There is no such job, or it is somebody else's", body = ErrorBody),
        (status = 409, description = "It has not failed, its dead letter is gone, or what was published is no job",
            body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn retry_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let buried = match dead::find(&app, &caller, &id).await {
        Err(missing) if missing.status() == StatusCode::NOT_FOUND => return Err(why_not(&app, &caller, &id).await),
        found => found?,
    };
    Box::pin(app.replay(&buried, None)).await.map(submit_job::answer)
}

/// Why a job without a dead letter can't be retried.
async fn why_not(app: &App, caller: &Caller, id: &str) -> ApiError {
    let job = match get_job::find(app, &caller.tenant, id).await {
        Ok(job) => job,
        Err(error) => return error,
    };
    let (code, what_to_do) = match job.state {
        "failed" => ("dead_letter_gone", "but its dead letter is gone: it was replayed or dropped, or is too old"),
        "done" => ("job_not_failed", "and only a failed job can be retried: submit it again as a new one"),
        "cancelled" => ("job_not_failed", "and what it was is not kept: submit it again as a new one"),
        "retrying" => ("job_not_failed", "so it will be tried again by itself"),
        _ => ("job_not_failed", "so there is nothing to retry yet"),
    };
    ApiError::conflict(code, format!("job {} is {}, {what_to_do}", job.id, job.state)).param("job")
}
