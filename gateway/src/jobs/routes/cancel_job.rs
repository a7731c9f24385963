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
/// 202: its worker stops within a step and the job ends as `cancelled`, unless it ends by itself before that. One that
/// is not due yet ends at once.
#[utoipa::path(delete, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 202, description = "Asked for", body = JobView),
        (status = 404, description = "There is no such job, or it is somebody else's", body = ErrorBody),
        (status = 409, description = "It has ended already: `code` is `job_` and the state", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_job(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    jobs.canceller.cancel_one(&caller.tenant, &id).await.map(|job| (StatusCode::ACCEPTED, Json(job)))
}
