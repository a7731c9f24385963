//! `GET /v1/jobs/{id}`.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        limits,
        params::Path,
    },
    jobs::{lookup::reference, service::Jobs, view::JobView},
};

/// Get a job
///
/// Returns the state of the job, and its result once it is done. A result of more than 1 MiB is replaced by its URL.
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job", body = JobView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn get_job(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    let job = reference(&caller.tenant, &id)?;
    let (mut view, claim) = jobs.lookup.find_with_claim(&job, &id).await?;
    if let Some(claim) = claim.filter(|claim| claim.bytes <= limits::RESULT_SHOWN) {
        // An unreadable output is left out: the address in `result` says why.
        view.output = jobs.payloads.json(&job.tenant, &claim).await.unwrap_or_default();
    }
    Ok(Json(view))
}
