//! `/v1/schedules`: jobs that begin again and again, kept and fired by the bus itself.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ruche_bus::{Every, Schedule, ScheduleError};
use ruche_schemas::{Envelope, JobId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::jobs::routes::new_job::lane;
use crate::{
    app::parts::App,
    bots,
    http::{
        auth::Caller,
        body::{self, JsonText, Path},
        error::{ApiError, ErrorBody},
        limits,
    },
    jobs::{steps::within, submit::check_size},
};

/// A job that begins again and again: by `cron` or `every_seconds`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
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
pub(crate) async fn list_schedules(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<ScheduleList>, ApiError> {
    let data = app.bus.schedules(&caller.tenant).await?.into_iter().map(view).collect();
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
pub(crate) async fn get_schedule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    find(&app, &caller.tenant, &name).await.map(|schedule| Json(view(schedule)))
}

/// Put a schedule
///
/// Makes it, or puts it in the place of the one of this name. Each firing is a job of its own, and fires once however
/// many gateways there are.
#[utoipa::path(put, path = "/v1/schedules/{name}", tag = "schedules", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name: 1 to 63 of a-z, 0-9, _ and -")),
    request_body = NewSchedule,
    responses(
        (status = 200, description = "The schedule", body = ScheduleView),
        (status = "4XX", description = "The schedule is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn put_schedule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<ScheduleView>, ApiError> {
    // A name is bound by the same rule as a tenant's: it is a part of a subject too.
    name.parse::<TenantId>()
        .map_err(|error| ApiError::invalid("name", error.to_string().replacen("tenant", "schedule", 1)))?;
    let NewSchedule { kind, body, lane: lane_name, cron, time_zone, every_seconds, paused } = body::parse(&text)?;
    let descriptor = app.descriptor(&kind)?;
    let (lane, every) = (lane(lane_name.as_deref())?, every(cron, time_zone, every_seconds)?);
    bots::refuse(&descriptor.kind, &body, "body")?;
    let written = body.to_string();
    check_size(descriptor, written.len())?;
    let body = descriptor.parse(&written).map_err(|invalid| within(invalid, "body"))?;
    let (id, now, tenant) = (JobId::generate(), Utc::now(), caller.tenant);
    let kind = descriptor.kind.clone();
    let mut envelope = Envelope::of(kind.clone(), descriptor.version, id, tenant.clone(), lane, now, body);
    envelope.schedule = Some(name.clone());
    let payload = serde_json::to_vec(&envelope).map_err(|_| ApiError::internal())?.into();
    let schedule = Schedule {
        name: name.clone(),
        tenant: tenant.clone(),
        kind,
        lane,
        every,
        payload,
        paused,
        since: now,
        next: None,
    };
    keep(&app, &schedule).await?;
    find(&app, &tenant, &name).await.map(|schedule| Json(view(schedule)))
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
pub(crate) async fn delete_schedule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let schedule = find(&app, &caller.tenant, &name).await?;
    app.bus.unschedule(&caller.tenant, &schedule.name).await?;
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
pub(crate) async fn pause_schedule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    set_paused(&app, &caller.tenant, &name, true).await
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
pub(crate) async fn resume_schedule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, ApiError> {
    set_paused(&app, &caller.tenant, &name, false).await
}

async fn set_paused(app: &App, tenant: &TenantId, name: &str, paused: bool) -> Result<Json<ScheduleView>, ApiError> {
    let schedule = find(app, tenant, name).await?;
    if schedule.paused == paused {
        return Ok(Json(view(schedule)));
    }
    keep(app, &Schedule { paused, since: Utc::now(), ..schedule }).await?;
    find(app, tenant, name).await.map(|schedule| Json(view(schedule)))
}

async fn keep(app: &App, schedule: &Schedule) -> Result<(), ApiError> {
    app.bus.schedule(schedule).await.map_err(|error| match error {
        ScheduleError::Invalid(message) => {
            let param = if matches!(schedule.every, Every::Cron { .. }) { "cron" } else { "every_seconds" };
            ApiError::invalid(param, message)
        }
        ScheduleError::Publish(error) => error.into(),
    })
}

fn every(cron: Option<String>, zone: Option<String>, seconds: Option<u64>) -> Result<Every, ApiError> {
    match (cron, seconds) {
        (Some(expression), None) => Ok(Every::Cron { expression, zone }),
        (None, Some(seconds)) if zone.is_none() => match (1..=limits::INTERVAL_SECONDS).contains(&seconds) {
            true => Ok(Every::Interval(Duration::from_secs(seconds))),
            false => {
                let message = format!("{seconds} is out of range: from 1 to {} is allowed", limits::INTERVAL_SECONDS);
                Err(ApiError::invalid("every_seconds", message))
            }
        },
        (None, Some(_)) => Err(ApiError::invalid("time_zone", "every_seconds has no time zone: leave it out")),
        _ => Err(ApiError::invalid("cron", "say when: either `cron` or `every_seconds`")),
    }
}

async fn find(app: &App, tenant: &TenantId, name: &str) -> Result<Schedule, ApiError> {
    let all = app.bus.schedules(tenant).await?;
    all.into_iter().find(|schedule| schedule.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        ApiError::not_found("schedule_not_found", format!("there is no schedule {shown:?}")).param("name")
    })
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
