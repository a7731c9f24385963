//! A job's view: from its row once it has ended, before that from its last event.

use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, EventType, JobId, JobRef, Record, event};
use ruche_store::jobs::EndedJob;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// The state of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: Uuid,
    /// `job`.
    pub object: &'static str,
    /// Its kind.
    pub kind: String,
    /// `queued`, `scheduled`, `running`, `retrying`, `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// `interactive`, `normal` or `bulk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<&'static str>,
    /// The current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// The number `n` of its last event. Missing once its events are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// When it was accepted. Missing until it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// The time of its last event.
    pub updated_at: DateTime<Utc>,
    /// When it may start, if it is scheduled for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// The job that started it, in a flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Uuid>,
    /// The first job of its flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Uuid>,
    /// Its batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Uuid>,
    /// How far it is, if that was its last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressView>,
    /// When the next attempt may start, if it is `retrying`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed, if it is `retrying`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The output, if the job is done. An output of more than 1 MiB is left out: see `result`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub output: Value,
    /// Where the output is, if it has more than 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultView>,
    /// Why it failed, if it has.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub error: Value,
    /// Its W3C trace id, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// A large output.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultView {
    /// The path of the output: `/v1/jobs/{job}/result`.
    pub url: String,
    /// How many bytes of JSON it has.
    pub bytes: u64,
    /// The BLAKE3 hash of the output, in lower-case hexadecimal.
    pub blake3: String,
}

impl ResultView {
    fn new(job: JobId, claim: Claim) -> Self {
        Self { url: format!("/v1/jobs/{job}/result"), bytes: claim.bytes, blake3: claim.blake3 }
    }
}

/// The progress of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// Steps done.
    pub done: u64,
    /// The total number of steps, if known.
    pub total: Option<u64>,
    /// The current step, in words.
    pub message: String,
}

/// From a row. A batch's id is a UUIDv7; a fan-out's group is derived, so it is not.
pub(crate) fn of_row(row: EndedJob) -> JobView {
    let (output, error) = result(row.state, row.data);
    JobView {
        kind: row.kind.to_string(),
        state: row.state.as_str(),
        lane: Some(row.lane.as_str()),
        attempt: row.attempt,
        created_at: Some(row.created_at),
        parent: row.parent.map(|job| job.0),
        root: row.root.map(|job| job.0),
        batch: row.group.filter(|group| group.get_version_num() == 7),
        output,
        result: row.claim.map(|claim| ResultView::new(row.job.id, claim)),
        error,
        trace_id: row.trace_id,
        ..nothing(row.job.id, row.ended_at)
    }
}

/// From the last event of a log, with what its first event has.
pub(crate) fn of_event(
    job: &JobRef,
    last: Option<Record>,
    known: Option<event::Accepted>,
    now: DateTime<Utc>,
) -> JobView {
    let mut view = nothing(job.id, last.as_ref().map_or(now, |last| last.at));
    let put_off = known.as_ref().and_then(|known| known.run_at).is_some_and(|at| at > now);
    view.state = match last.as_ref().map(|last| last.event) {
        None | Some(EventType::Accepted) if put_off => "scheduled",
        None | Some(EventType::Accepted) => "queued",
        Some(EventType::Retrying) => "retrying",
        Some(ended) if ended.is_final() => ended.as_str(),
        Some(_) => "running",
    };
    if let Some(known) = known {
        view.lane = Some(known.lane.as_str());
        view.run_at = known.run_at;
        view.parent = known.origin.map(|origin| origin.parent.0);
        view.root = known.origin.map(|origin| origin.root.0);
        view.batch = known.batch;
    }
    if let Some(last) = last {
        if let (EventType::Progress, Ok(steps)) = (last.event, last.parse::<event::Steps>()) {
            view.progress = Some(ProgressView { done: steps.done, total: steps.total, message: steps.message });
        }
        if let (EventType::Retrying, Ok(retrying)) = (last.event, last.parse::<event::Retrying>()) {
            (view.next_attempt_at, view.last_error) = (Some(retrying.next_attempt_at), Some(retrying.error));
        }
        (view.kind, view.attempt, view.n) = (last.kind.to_string(), last.attempt, Some(last.n));
        view.result = last.claim.map(|claim| ResultView::new(job.id, claim));
        (view.output, view.error) = result(last.event, last.data);
    }
    view
}

fn nothing(id: JobId, updated_at: DateTime<Utc>) -> JobView {
    JobView {
        id: id.0,
        object: "job",
        kind: String::new(),
        state: "queued",
        lane: None,
        attempt: 0,
        n: None,
        created_at: None,
        updated_at,
        run_at: None,
        parent: None,
        root: None,
        batch: None,
        progress: None,
        next_attempt_at: None,
        last_error: None,
        output: Value::Null,
        result: None,
        error: Value::Null,
        trace_id: None,
    }
}

fn result(state: EventType, data: Value) -> (Value, Value) {
    match state {
        EventType::Done => (data, Value::Null),
        EventType::Failed => (Value::Null, data),
        _ => (Value::Null, Value::Null),
    }
}
