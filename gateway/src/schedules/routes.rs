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

/// A job that begins again and again: by `cron` or `every_seconds`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewSchedule)]
pub struct ScheduleRequest {
    /// The kind of its jobs.
    kind: String,
    /// What is to be done: the kind's own schema.
    #[schema(value_type = Object)]
    body: Value,
    /// `interactive`, `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// Six fields, seconds first: `0 30 8 * * MON-FRI`.
    cron: Option<String>,
    /// The IANA time zone of `cron`: `Europe/Paris`. Without it, UTC.
    time_zone: Option<String>,
    /// Again and again after so many seconds.
    every_seconds: Option<u64>,
    /// Whether it is paused.
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
    /// What is to be done.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Six fields, seconds first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The time zone of `cron`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Again and again after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<u64>,
    /// Whether it is paused.
    pub paused: bool,
    /// Since when it is as it is.
    pub since: DateTime<Utc>,
    /// When it fires next; `null` while it is paused.
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
/// All of the tenant, by name.
#[utoipa::path(get, path = "/v1/schedules", tag = "schedules", security(("bearer" = [])),
    responses(
        (status = 200, description = "All schedules", body = ScheduleList),
        (status = 503, description = "Not now", body = ErrorBody),
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
/// With when it fires next.
#[utoipa::path(get, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "The schedule", body = ScheduleView),
        (status = 404, description = "There is no such schedule, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
async fn get_schedule(
    State(schedules): State<Arc<Schedules>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    schedules.find(&caller.tenant, &name).await.map(|schedule| Json(view(schedule)))
}

/// Put a schedule
///
/// Makes it, or puts it in the place of the one of this name. Each firing is a job of its own, and fires once however
/// many gateways there are.
#[utoipa::path(put, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name: 1 to 63 of a-z, 0-9, _ and -")),
    request_body = ScheduleRequest,
    responses(
        (status = 200, description = "The schedule", body = ScheduleView),
        (status = "4XX", description = "The schedule is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
/// It fires no more. What it fired goes on.
#[utoipa::path(delete, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such schedule, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
/// It does not fire until it is resumed.
#[utoipa::path(post, path = "/v1/schedules/{name}/pause", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "It is paused", body = ScheduleView),
        (status = 404, description = "There is no such schedule, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
/// It fires again, from now on: what was missed is not made up for.
#[utoipa::path(post, path = "/v1/schedules/{name}/resume", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "The schedule's name")),
    responses(
        (status = 200, description = "It fires", body = ScheduleView),
        (status = 404, description = "There is no such schedule, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
