//! `POST /v1/jobs/{kind}`: submits a job; the answer is its id, once the bus has stored it.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use chrono::{DateTime, Utc};
use ruche_schemas::{clock, date};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        headers::{text_header, wants_events},
        json::JobText,
        params::{Path, Query},
    },
    jobs::{
        accepted::{AcceptedJob, answer, follow},
        intake::Intake,
        service::Jobs,
        submission::{self, Submission, due},
    },
};

/// How a job is submitted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubmitQuery {
    /// `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// The earliest start: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Default: now.
    #[serde(default, deserialize_with = "date::optional")]
    run_at: Option<DateTime<Utc>>,
    /// The earliest start, in seconds from now, at most 366 days. With `run_at`, the later of both counts. Default: 0.
    delay_seconds: Option<u64>,
}

/// Submit a job
///
/// The body has the kind's own schema: `Chat`, `Embed`, `Render` or `Rerank`. 202 means that NATS has stored the job: no crash loses it.
/// With `Accept: text/event-stream` the answer is 200 and the job's events, as in `GET /v1/jobs/{id}/events`. The job
/// continues if the client disconnects.
#[utoipa::path(
    post, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = String, Path, description = "The kind of job: `chat`, `embed`, `render` or `rerank`"), SubmitQuery,
        ("Ruche-Lane" = Option<String>, Header, description = "As `lane`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key gets the same job"),
    ),
    request_body(content = ref("#/components/schemas/JobInput"), content_type = "application/json"),
    responses(
        (status = 200, description = "Accepted; its events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 202, description = "Accepted", body = AcceptedJob, headers(("Location" = String, description = "The path of the job"))),
        (status = "4XX", description = "The job is not valid; no job was created", body = ErrorBody),
        (status = 503, description = "NATS is not reachable, or the queue is full", body = ErrorBody),
    )
)]
pub(crate) async fn submit_job(
    State(jobs): State<Arc<Jobs>>,
    State(intake): State<Arc<Intake>>,
    caller: Caller,
    Path(kind): Path<String>,
    Query(query): Query<SubmitQuery>,
    headers: HeaderMap,
    JobText { text: body, permit: _permit }: JobText,
) -> Result<Response, ApiError> {
    let lane = query.lane.as_deref().map_or_else(|| text_header(&headers, "ruche-lane"), |lane| Ok(Some(lane)))?;
    let lane = submission::lane(lane)?;
    let idempotency_key = text_header(&headers, "idempotency-key")?;
    let mut submission = Submission::new(&caller.tenant, lane, idempotency_key);
    submission.options.run_at = due(query.run_at, query.delay_seconds, clock::now())?;
    submission.options.follow = wants_events(&headers);
    let follows = submission.options.follow;
    let accepted = intake.submit(&kind, &body, "", submission).await?;
    match follows {
        true => follow(&jobs.follower, accepted).await,
        false => Ok(answer(accepted)),
    }
}
