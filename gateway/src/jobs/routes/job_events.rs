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
/// Returns the job's events as server-sent events: `id` is `n`, `event` the type, `data` the whole event. The stored
/// events come first, then new ones, without gap or repeat; the stream ends after `done`, `failed` or `cancelled`. If
/// the result has more than 256 KiB, `done` has a `claim` instead, and `GET /v1/jobs/{job}/result` returns the result.
/// The stream starts after the event in `Last-Event-ID`; if no event is left, the response is 204.
#[utoipa::path(get, path = "/v1/jobs/{job}/events", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = Uuid, Path, description = "The job's id"), EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `n` of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 204, description = "The job has ended and all its events were received"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
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
