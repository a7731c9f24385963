//! `POST /v1/jobs`: a job, or a stream of jobs, each with its kind and all its options.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{
    ndjson_jobs::JobStream,
    request::{NewJob, StreamQuery},
};
use crate::{
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        headers::{is_ndjson, text_header, wants_events},
        json::JobText,
        params::Query,
    },
    jobs::{
        accepted::{AcceptedJob, answer, follow},
        intake::Intake,
        service::Jobs,
    },
};

/// Submit jobs
///
/// `application/json` is one job; with `Accept: text/event-stream` the answer is its events. `application/x-ndjson` is
/// any number, one a line, and so is the answer, while it is sent: for each line, in order, `{"line", "id", "kind",
/// "state", "duplicate"}` or `{"line", "error"}`, with `ignored`, the names of unknown fields, where there are any; and
/// at the end `{"batch": {"id", "accepted", "rejected", "closed"}}`. Read while you write: if you do not read the
/// answers, the gateway stops reading the request. A line that is not valid is refused; the others are accepted. If the
/// connection breaks, the batch stays open: send the unanswered lines again, with the same idempotency keys and with
/// `batch`.
#[utoipa::path(
    post, path = "/v1/jobs", tag = "jobs", security(("bearer" = [])),
    params(StreamQuery, ("Idempotency-Key" = Option<String>, Header, description = "As `idempotency_key`, for one job")),
    request_body(content((NewJob = "application/json"), (NewJob = "application/x-ndjson"))),
    responses(
        (status = 200, description = "The answers to a stream of jobs", content((Object = "application/x-ndjson"))),
        (status = 202, description = "Accepted", body = AcceptedJob, headers(("Location" = String, description = "The path of the job"))),
        (status = 422, description = "The idempotency key was used for another job: `idempotency_key_reused`", body = ErrorBody),
        (status = 429, description = "A limit of the tenant is reached: `rate_limited` or `backlog_full`; `param` names it", body = ErrorBody),
        (status = "4XX", description = "The job is not valid; no job was created", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn new_job(
    State(jobs): State<Arc<Jobs>>,
    State(intake): State<Arc<Intake>>,
    bodies: Bodies,
    caller: Caller,
    Query(query): Query<StreamQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    if is_ndjson(request.headers()) {
        let stream = JobStream { jobs, intake, caller };
        return Box::pin(stream.respond(bodies, query, request)).await;
    }
    let events = wants_events(request.headers());
    let header = text_header(request.headers(), "idempotency-key")?.map(str::to_owned);
    let JobText { text, permit: _permit } = JobText::read(request, &bodies).await?;
    let mut job = NewJob::read(&text)?;
    job.idempotency_key = job.idempotency_key.or(header);
    job.follow = events;
    let accepted = job.submit(&intake, &caller.tenant, None).await?;
    match events {
        true => follow(&jobs.follower, accepted).await,
        false => Ok(answer(accepted)),
    }
}
