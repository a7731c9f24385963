//! `POST /v1/jobs/{kind}`: a job of any kind; the answer is its id, once the bus holds it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use ruche_schemas::Lane;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::job_events::{self, Follow};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{JobText, Path, Query, text_header, wants_events},
        error::{ApiError, ErrorBody},
    },
    jobs::submit::{Accepted, Submission, due},
};

/// How a job is submitted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubmitQuery {
    /// `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// When it is to begin, if that is later (RFC 3339).
    run_at: Option<DateTime<Utc>>,
    /// In how many seconds it is to begin.
    delay_seconds: Option<u64>,
}

/// A job that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedJob {
    /// Its id.
    pub id: Uuid,
    /// `job`.
    pub object: &'static str,
    /// Its kind.
    pub kind: String,
    /// `accepted`.
    pub state: &'static str,
    /// Whether the same job was submitted before: nothing was added then.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
}

/// Submit a job
///
/// The body is the kind's own schema (`Chat` for `chat`). 202 means that the bus holds the job: it is not lost any more,
/// whatever crashes. With `Accept: text/event-stream` the answer is 200 and the job's events, as `GET
/// /v1/jobs/{id}/events` has them; the job goes on also where nobody reads them.
#[utoipa::path(
    post, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = String, Path, description = "The kind of job: `chat`"), SubmitQuery,
        ("Ruche-Lane" = Option<String>, Header, description = "As `lane`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job, whenever it comes again"),
    ),
    request_body(content = ref("#/components/schemas/JobInput"), content_type = "application/json"),
    responses(
        (status = 200, description = "Accepted; its events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 202, description = "Accepted", body = AcceptedJob, headers(("Location" = String, description = "Where its state is"))),
        (status = "4XX", description = "The job is wrong; nothing was published", body = ErrorBody),
        (status = 503, description = "The bus can't take it now", body = ErrorBody),
    )
)]
pub(crate) async fn submit_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kind): Path<String>,
    Query(query): Query<SubmitQuery>,
    headers: HeaderMap,
    JobText { text: body, room: _room }: JobText,
) -> Result<Response, ApiError> {
    let lane = match query.lane.as_deref().map_or_else(|| text_header(&headers, "ruche-lane"), |lane| Ok(Some(lane)))? {
        None => Lane::default(),
        Some(lane) => lane.parse().map_err(|error| ApiError::invalid("lane", format!("{error}")))?,
    };
    let idempotency_key = text_header(&headers, "idempotency-key")?;
    let mut submission = Submission::new(&caller.tenant, lane, idempotency_key);
    submission.options.run_at = due(query.run_at, query.delay_seconds, Utc::now())?;
    submission.options.follow = wants_events(&headers);
    let follows = submission.options.follow;
    let accepted = app.submit(&kind, &body, submission).await?;
    match follows {
        true => follow(&app, accepted).await,
        false => Ok(answer(accepted)),
    }
}

/// 200: the bus holds this job, and these are its events.
pub(crate) async fn follow(app: &App, accepted: Accepted) -> Result<Response, ApiError> {
    let Accepted { job, events, .. } = accepted;
    let (id, location) = (job.id, format!("/v1/jobs/{}", job.id));
    let found = match events {
        Some(relay) => Some(Follow::Relay(relay)),
        None => job_events::follow(app, job, 1).await.map_err(|error| error.job(id))?,
    };
    Ok(([(header::LOCATION, location)], job_events::respond(app, found)).into_response())
}

/// 202: the bus holds this job.
pub(crate) fn answer(accepted: Accepted) -> Response {
    let location = format!("/v1/jobs/{}", accepted.job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(AcceptedJob::from(accepted))).into_response()
}

impl From<Accepted> for AcceptedJob {
    fn from(accepted: Accepted) -> Self {
        Self {
            id: accepted.job.id.0,
            object: "job",
            kind: accepted.kind.to_string(),
            state: "accepted",
            duplicate: accepted.duplicate,
            conversation: accepted.conversation,
        }
    }
}
