//! `GET /v1/jobs/{id}/events`: a job's log as server-sent events.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::{Path, Query},
    },
    jobs::{follow::EventsQuery, lookup::reference, service::Jobs},
};

/// Follow a job
///
/// Its events as server-sent events: `id` is `n`, `event` the type, `data` the whole event. First those stored, then those
/// to come, without gap or repeat; the stream ends after `done`, `failed` or `cancelled`. A result of more than 256 KiB is
/// not in `done`: `claim` says so, and `GET /v1/jobs/{job}/result` has it. `Last-Event-ID` goes on
/// after that event; where none is left, the answer is 204.
#[utoipa::path(get, path = "/v1/jobs/{job}/events", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = Uuid, Path, description = "The job's id"), EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `n` of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 204, description = "The job has ended and all its events were received"),
        (status = 404, description = "There is no such job, or it is somebody else's", body = ErrorBody),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn job_events(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = reference(&caller.tenant, &id)?;
    let from = query.first(&headers)?;
    let found = jobs.follower.job(job, from).await?;
    Ok(jobs.follower.respond(found))
}
