//! `DELETE /v1/jobs/{id}`: requests the cancellation of a job.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::Path,
    },
    jobs::{service::Jobs, view::JobView},
};

/// Cancel a job
///
/// Requests the cancellation. The worker stops at its next step and the job ends as `cancelled`, unless it ends before.
/// A job that is scheduled for later ends at once.
#[utoipa::path(delete, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 202, description = "Cancellation requested", body = JobView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 409, description = "The job has ended already: `code` is `job_` and its state", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_job(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    jobs.canceller.cancel_one(&caller.tenant, &id).await.map(|job| (StatusCode::ACCEPTED, Json(job)))
}
