//! A job in `POST /v1/jobs`, alone or as a line of NDJSON.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, clock, date, flow::Next};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ArrayBuilder, Ref},
};
use uuid::Uuid;

use crate::{
    http::{error::ApiError, json::parse, limits},
    jobs::{
        intake::Intake,
        submission::{self, Accepted, Options, Submission, Unique, due},
    },
};

/// Request to submit a job.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewJob {
    /// The kind of job, such as `chat`. It decides what `body` has.
    kind: String,
    /// The input of the job, by the schema of its kind.
    #[schema(value_type = Object)]
    body: Value,
    /// The priority: `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// A repeated request with the same key gets the same job: 1 to 255 bytes. Default: none.
    pub(super) idempotency_key: Option<String>,
    /// Allows one job with this key within a window of time: a later request gets the first job.
    unique: Option<NewUnique>,
    /// The earliest start: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Default: now.
    #[serde(default, deserialize_with = "date::optional")]
    run_at: Option<DateTime<Utc>>,
    /// The earliest start, in seconds from now, at most 366 days. With `run_at`, the later of both counts. Default: 0.
    delay_seconds: Option<u64>,
    /// Jobs to start when it succeeds.
    #[serde(default)]
    #[schema(schema_with = on_success)]
    on_success: Vec<Next>,
    /// Jobs to start when it fails.
    #[serde(default)]
    #[schema(schema_with = on_failure)]
    on_failure: Vec<Next>,
    /// Whether the answer is its events.
    #[serde(skip)]
    pub(super) follow: bool,
}

/// A key that only one job can have within a time window.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewUnique {
    /// The key, unique with the kind: 1 to 255 bytes.
    key: String,
    /// The length of the window, from 1 second to 30 days.
    window_seconds: u64,
}

fn on_success() -> ArrayBuilder {
    steps("Jobs to start when it succeeds.")
}

fn on_failure() -> ArrayBuilder {
    steps("Jobs to start when it fails. Their `with` copies from the failure: `code`, `message`, `param`.")
}

fn steps(about: &str) -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name("Next")).description(Some(about))
}

/// How a stream of jobs is counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// The open batch to add the jobs to. Default: a new batch. Streams only.
    pub(crate) batch: Option<Uuid>,
    /// Whether the batch is closed at the end. Default: true for a new batch, false for the one in `batch`. Streams
    /// only.
    pub(crate) close: Option<bool>,
}

impl NewJob {
    /// # Errors
    /// 400 that names the field.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        parse(text)
    }

    /// Submits it; in a batch with its index, and patiently.
    ///
    /// # Errors
    /// As [`Intake::submit`].
    pub(crate) async fn submit(
        self,
        intake: &Intake,
        tenant: &TenantId,
        batch: Option<(Uuid, u32)>,
    ) -> Result<Accepted, ApiError> {
        let lane = submission::lane(self.lane.as_deref())?;
        let options = Options {
            run_at: due(self.run_at, self.delay_seconds, clock::now())?,
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
        intake.submit(&self.kind, &body, "body", submission).await
    }
}

impl NewUnique {
    fn checked(self) -> Result<Unique, ApiError> {
        let (bytes, max) = (self.key.len(), limits::UNIQUE_KEY_BYTES);
        if !(1..=max).contains(&bytes) {
            let what = if bytes == 0 { "is empty".to_owned() } else { format!("has {bytes} bytes") };
            let message = format!("the key {what}: 1 to {max} bytes are allowed");
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
