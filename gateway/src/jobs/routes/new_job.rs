//! `POST /v1/jobs`: a job, or a stream of jobs, each with its kind and all that may be said of it.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use ruche_schemas::{Lane, TenantId, flow::Next};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ArrayBuilder, Ref},
};
use uuid::Uuid;

use super::{stream_jobs, submit_job};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{self, JobText, Query, text_header},
        error::{ApiError, ErrorBody},
        limits,
    },
    jobs::submit::{Accepted, Options, Submission, Unique, due},
};

/// A job to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// Its kind: `chat`.
    kind: String,
    /// What is to be done: the kind's own schema.
    #[schema(value_type = Object)]
    body: Value,
    /// `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// The same key is the same job, whenever it comes again.
    idempotency_key: Option<String>,
    /// No second job with this key for a while: the first one is the answer.
    unique: Option<NewUnique>,
    /// When it is to begin, if that is later (RFC 3339).
    run_at: Option<DateTime<Utc>>,
    /// In how many seconds it is to begin.
    delay_seconds: Option<u64>,
    /// What follows when it is done.
    #[serde(default)]
    #[schema(schema_with = steps)]
    on_success: Vec<Next>,
    /// What follows when it has failed.
    #[serde(default)]
    #[schema(schema_with = steps)]
    on_failure: Vec<Next>,
    /// Whether the answer is its events.
    #[serde(skip)]
    follow: bool,
}

/// A key that one job has for a while.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnique {
    /// The key, unique with the kind: 1 to 255 bytes.
    key: String,
    /// For how long, from 1 second to 30 days.
    window_seconds: u64,
}

fn steps() -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name("Next"))
}

/// How a stream of jobs is counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// An open batch to add the jobs to. Without it they are a new one. Streams only.
    pub(crate) batch: Option<Uuid>,
    /// Whether the batch is closed at the end: by default a new one is, and one that was named is not. Streams only.
    pub(crate) close: Option<bool>,
}

/// Submit jobs
///
/// `application/json` is one job; with `Accept: text/event-stream` the answer is its events. `application/x-ndjson` is any number, one a line, and so is the answer, while it is
/// sent: for each line, in order, `{"line", "id", "kind", "state", "duplicate"}` or `{"line", "error"}`, and at the end
/// `{"batch": {"id", "accepted", "rejected", "closed"}}`. Read while you write: what is not read stops the reading.
/// A line that is wrong is refused alone. If the connection breaks, the batch stays open: send what was not answered
/// again, under the same idempotency keys, with `batch`.
#[utoipa::path(
    post, path = "/v1/jobs", tag = "jobs", security(("bearer" = [])),
    params(StreamQuery, ("Idempotency-Key" = Option<String>, Header, description = "As `idempotency_key`, for one job")),
    request_body(content((NewJob = "application/json"), (NewJob = "application/x-ndjson"))),
    responses(
        (status = 200, description = "The answers to a stream of jobs", content((Object = "application/x-ndjson"))),
        (status = 202, description = "Accepted", body = submit_job::AcceptedJob, headers(("Location" = String, description = "Where its state is"))),
        (status = 422, description = "The idempotency key was used for another job: `idempotency_key_reused`", body = ErrorBody),
        (status = 429, description = "A cap of the tenant is reached: `rate_limited` or `backlog_full`; `param` names it", body = ErrorBody),
        (status = "4XX", description = "The job is wrong; nothing was published", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn new_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<StreamQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    if body::is_lines(request.headers()) {
        return Box::pin(stream_jobs::respond(app, caller, query, request)).await;
    }
    let events = body::wants_events(request.headers());
    let header = text_header(request.headers(), "idempotency-key")?.map(str::to_owned);
    let JobText { text, room: _room } = JobText::from_request(request, &app).await?;
    let mut job = NewJob::read(&text)?;
    job.idempotency_key = job.idempotency_key.or(header);
    job.follow = events;
    let accepted = job.submit(&app, &caller.tenant, None).await?;
    match events {
        true => submit_job::follow(&app, accepted).await,
        false => Ok(submit_job::answer(accepted)),
    }
}

impl NewJob {
    /// Reads a job.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        body::parse(text)
    }

    /// Submits it: into this place of a batch, and then also when its turn comes, where the tenant has a rate.
    ///
    /// # Errors
    /// As [`App::submit`].
    pub(crate) async fn submit(
        self,
        app: &App,
        tenant: &TenantId,
        batch: Option<(Uuid, u32)>,
    ) -> Result<Accepted, ApiError> {
        let lane = lane(self.lane.as_deref())?;
        let options = Options {
            run_at: due(self.run_at, self.delay_seconds, Utc::now())?,
            on_success: self.on_success,
            on_failure: self.on_failure,
            unique: self.unique.map(NewUnique::checked).transpose()?,
            batch,
            patient: batch.is_some(),
            follow: self.follow,
            ..Options::default()
        };
        let body = self.body.to_string();
        let submission = Submission { tenant, lane, idempotency_key: self.idempotency_key.as_deref(), options };
        app.submit(&self.kind, &body, submission).await
    }
}

impl NewUnique {
    fn checked(self) -> Result<Unique, ApiError> {
        let (bytes, max) = (self.key.len(), limits::UNIQUE_KEY_BYTES);
        if !(1..=max).contains(&bytes) {
            let message = format!("the key has {bytes} bytes: 1 to {max} are allowed");
            return Err(ApiError::invalid("unique.key", message));
        }
        let max = limits::UNIQUE_WINDOW.as_secs();
        if !(1..=max).contains(&self.window_seconds) {
            let message = format!("{} is out of range: from 1 to {max} is allowed", self.window_seconds);
            return Err(ApiError::invalid("unique.window_seconds", message));
        }
        Ok(Unique { key: self.key, window: Duration::from_secs(self.window_seconds) })
    }
}

/// A lane by its name.
///
/// # Errors
/// 400.
pub(crate) fn lane(name: Option<&str>) -> Result<Lane, ApiError> {
    match name {
        None => Ok(Lane::default()),
        Some(name) => name.parse().map_err(|error| ApiError::invalid("lane", format!("{error}"))),
    }
}
