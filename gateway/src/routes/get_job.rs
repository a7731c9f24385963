//! `GET /v1/jobs/{id}`: ended = its row; not ended = its last event; neither = 404.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_bus::Logged;
use ruche_schemas::{EventType, JobId, JobRef, TenantId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    App,
    auth::Caller,
    body::Path,
    error::{ApiError, ErrorBody},
    ports::EndedJob,
};

/// The state of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: Uuid,
    /// `job`.
    pub object: &'static str,
    /// Its kind.
    pub kind: String,
    /// `accepted`, `running`, `done`, `failed` or `cancelled`.
    pub state: &'static str,
    /// The attempt that it is at, from 1; 0 while no worker has begun.
    pub attempt: u32,
    /// The `n` of its last event, while its log is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// When it was accepted, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it last said something.
    pub updated_at: DateTime<Utc>,
    /// What it gave, if it is done.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub output: Value,
    /// Why it failed, if it has.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub error: Value,
    /// Its W3C trace id, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// Get a job
///
/// Its state, and its result once it has ended.
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job", body = JobView),
        (status = 404, description = "There is no such job, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn get_job(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, ApiError> {
    find(&app, &caller.tenant, &id).await.map(Json)
}

/// Finds a job of this tenant.
pub(crate) async fn find(app: &App, tenant: &TenantId, id: &str) -> Result<JobView, ApiError> {
    let job = reference(tenant, id)?;
    match app.store.job(&job).await {
        Ok(Some(row)) => Ok(of_row(row)),
        Ok(None) => app.bus.last(&job).await?.map(|last| of_event(job, last)).ok_or_else(|| unknown(id)),
        // Without the database the log still knows the jobs of the last hours.
        Err(error) => match app.bus.last(&job).await? {
            Some(last) => Ok(of_event(job, last)),
            None => Err(error.into()),
        },
    }
}

/// Another tenant's job is another name, and so as unknown as one that never was.
pub(crate) fn reference(tenant: &TenantId, id: &str) -> Result<JobRef, ApiError> {
    let id: JobId = id.strip_prefix("chatcmpl-").unwrap_or(id).parse().map_err(|_| unknown(id))?;
    Ok(JobRef { tenant: tenant.clone(), id })
}

/// 404.
pub(crate) fn unknown(id: &str) -> ApiError {
    let shown: String = id.chars().take(80).collect();
    ApiError::not_found("job_not_found", format!("there is no job {shown:?}")).param("id")
}

fn of_row(row: EndedJob) -> JobView {
    let (output, error) = result(row.state, row.data);
    JobView {
        id: row.job.id.0,
        object: "job",
        kind: row.kind.to_string(),
        state: row.state.as_str(),
        attempt: row.attempt,
        n: None,
        created_at: Some(row.created_at),
        updated_at: row.ended_at,
        output,
        error,
        trace_id: row.trace_id,
    }
}

fn of_event(job: JobRef, Logged { record, .. }: Logged) -> JobView {
    let (output, error) = result(record.event, record.data);
    JobView {
        id: job.id.0,
        object: "job",
        kind: record.kind.to_string(),
        state: match record.event {
            EventType::Accepted => "accepted",
            ended if ended.is_final() => ended.as_str(),
            _ => "running",
        },
        attempt: record.attempt,
        n: Some(record.n),
        created_at: None,
        updated_at: record.at,
        output,
        error,
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
