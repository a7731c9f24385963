//! `DELETE /v1/jobs/{id}`: asks for a job to be cancelled.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};

use super::get_job::{JobView, find, reference};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::Path,
        error::{ApiError, ErrorBody},
    },
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
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    cancel(&app, &caller, &id).await.map(|job| (StatusCode::ACCEPTED, Json(job)))
}

/// Cancels a job of this caller.
pub(crate) async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<JobView, ApiError> {
    let job = find(app, &caller.tenant, id).await?;
    let code = match job.state {
        "done" => "job_done",
        "failed" => "job_failed",
        "cancelled" => "job_cancelled",
        "scheduled" => {
            app.call_off_early(&job, &caller.tenant).await?;
            return Ok(JobView { state: "cancelled", ..job });
        }
        _ => {
            app.call_off(&reference(&caller.tenant, id)?).await?;
            return Ok(job);
        }
    };
    Err(ApiError::conflict(code, format!("job {} has ended already: it is {}", job.id, job.state)).param("state"))
}
