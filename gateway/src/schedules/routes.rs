//! `/v1/schedules`: jobs that start repeatedly.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use ruche_bus::{Every, Schedule};
use ruche_schemas::{Envelope, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service::{NewSchedule, Schedules};
use crate::http::{
    auth::Caller,
    error::{ApiError, ErrorBody},
    json::{JsonText, parse},
    params::Path,
    state::HttpState,
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Schedules>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(list_schedules))
        .routes(routes!(get_schedule, put_schedule, delete_schedule))
        .routes(routes!(pause_schedule))
        .routes(routes!(resume_schedule))
}

/// A recurring job, by `cron` or by `every_seconds`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewSchedule)]
pub struct ScheduleRequest {
    /// The kind of its jobs.
    kind: String,
    /// The job's body, by the schema of its kind.
    #[schema(value_type = Object)]
    body: Value,
    /// `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// A cron expression of six fields, seconds first: `0 30 8 * * MON-FRI`. Needed, unless there is `every_seconds`.
    cron: Option<String>,
    /// The IANA time zone of `cron`: `Europe/Paris`. Default: UTC.
    time_zone: Option<String>,
    /// Seconds between two runs, at most 366 days. Needed, unless there is `cron`.
    every_seconds: Option<u64>,
    /// Whether it is paused. Default: false.
    #[serde(default)]
    paused: bool,
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// `schedule`.
    pub object: &'static str,
    /// The kind of its jobs.
    pub kind: String,
    /// Their lane.
    pub lane: String,
    /// The body of its jobs.
    #[schema(value_type = Object)]
    pub body: Value,
    /// A cron expression of six fields, seconds first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone of `cron`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Seconds between two runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<u64>,
    /// Whether it is paused.
    pub paused: bool,
    /// The time of its last change.
    pub since: DateTime<Utc>,
    /// The time of the next run; `null` while it is paused.
    pub next: Option<DateTime<Utc>>,
}

/// All schedules of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleList {
    /// `list`.
    pub object: &'static str,
    /// The schedules, by name.
    pub data: Vec<ScheduleView>,
    /// Always `false`.
    pub has_more: bool,
}

/// List schedules
///
/// Returns all schedules of the tenant, sorted by name.
#[utoipa::path(get, path = "/v1/schedules", tag = "schedules", security(("bearer" = [])),
    responses(
        (status = 200, description = "All schedules", body = ScheduleList),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_schedules(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
) -> Result<Json<ScheduleList>, ApiError> {
    let data = schedules.all(&caller.tenant).await?.into_iter().map(view).collect();
    Ok(Json(ScheduleList { object: "list", data, has_more: false }))
}

/// Get a schedule
///
/// Returns the schedule with the time of its next run.
#[utoipa::path(get, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "The schedule", body = ScheduleView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn get_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    schedules.find(&caller.tenant, &name).await.map(|schedule| Json(view(schedule)))
}

/// Create or replace a schedule
///
/// Creates the schedule, or replaces the one of this name. Each run is a job of its own and starts once, however many
/// gateways there are.
#[utoipa::path(put, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name: 1 to 63 of a-z, 0-9, _ and -")),
    request_body = ScheduleRequest,
    responses(
        (status = 200, description = "The schedule", body = ScheduleView),
        (status = "4XX", description = "The schedule is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn put_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<ScheduleView>, ApiError> {
    // A name is a part of a subject, as a tenant's is, so the same rule applies.
    name.parse::<TenantId>()
        .map_err(|error| ApiError::invalid("name", error.to_string().replacen("tenant", "schedule", 1)))?;
    let ScheduleRequest { kind, body, lane, cron, time_zone, every_seconds, paused } = parse(&text)?;
    let new = NewSchedule { name, kind, body, lane, cron, time_zone, every_seconds, paused };
    schedules.put(&caller.tenant, new).await.map(|schedule| Json(view(schedule)))
}

/// Delete a schedule
///
/// Deletes the schedule; started jobs continue.
#[utoipa::path(delete, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn delete_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    schedules.delete(&caller.tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause a schedule
///
/// No job starts until the schedule is resumed.
#[utoipa::path(post, path = "/v1/schedules/{name}/pause", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "Paused", body = ScheduleView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn pause_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    schedules.set_paused(&caller.tenant, &name, true).await.map(|schedule| Json(view(schedule)))
}

/// Resume a schedule
///
/// Jobs start again from now on. Missed runs are skipped.
#[utoipa::path(post, path = "/v1/schedules/{name}/resume", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "Resumed", body = ScheduleView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn resume_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    schedules.set_paused(&caller.tenant, &name, false).await.map(|schedule| Json(view(schedule)))
}

fn view(schedule: Schedule) -> ScheduleView {
    let envelope = serde_json::from_slice::<Envelope<Value>>(&schedule.payload).ok();
    let (cron, time_zone, every_seconds) = match schedule.every {
        Every::Cron { expression, zone } => (Some(expression), zone, None),
        Every::Interval(interval) => (None, None, Some(interval.as_secs())),
    };
    ScheduleView {
        name: schedule.name,
        object: "schedule",
        kind: schedule.kind.to_string(),
        lane: schedule.lane.to_string(),
        body: envelope.map_or(Value::Null, |envelope| envelope.body),
        cron,
        time_zone,
        every_seconds,
        paused: schedule.paused,
        since: schedule.since,
        next: schedule.next,
    }
}
