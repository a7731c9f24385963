//! `GET /v1/jobs/{id}/result`: a job's result of any size.
//!
//! A large one is streamed and checked against its hash on the way: a client that got all of `Content-Length` got the
//! true result. A changed one breaks off before its end.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        file::{FileResponse, etag, is_known},
        params::Path,
    },
    jobs::{lookup::reference, service::Jobs},
};

/// Get a job's result
///
/// Returns the output alone, as JSON of any size. The `ETag` of a large output is its BLAKE3 hash.
#[utoipa::path(get, path = "/v1/jobs/{job}/result", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = Uuid, Path, description = "The job's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the copy that the client has"),
    ),
    responses(
        (status = 200, description = "The output", content((Object = "application/json"))),
        (status = 304, description = "The `ETag` is the one in `If-None-Match`"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 409, description = "The job is not `done`: it is still active, failed or was cancelled", body = ErrorBody),
        (status = 410, description = "The result is no longer stored", body = ErrorBody),
        (status = 500, description = "The stored result is damaged", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn job_result(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = reference(&caller.tenant, &id)?;
    let (view, claim) = jobs.lookup.find_with_claim(&job, &id).await?;
    if view.state != "done" {
        let message = format!("job {} is {}: only a job that is done has a result", job.id, view.state);
        return Err(ApiError::conflict("no_result", message));
    }
    let Some(claim) = claim else {
        return Ok(([(header::CONTENT_TYPE, "application/json")], view.output.to_string()).into_response());
    };
    let tag = etag(&claim.blake3);
    if is_known(&headers, &tag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let body = Body::from_stream(jobs.payloads.read(&job.tenant, &claim).await?);
    Ok(FileResponse::new("application/json", body).bytes(claim.bytes).etag(tag).into_response())
}
