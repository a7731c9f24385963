//! `/v1/tenants/{tenant}/limits`: caps of a single tenant, set by operators. They apply at once, on every gateway and
//! worker.

use axum::{
    Json,
    extract::{FromRef, State},
};
use ruche_bus::Caps;
use ruche_schemas::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::pauses::tenant_named;
use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        limits,
        params::Path,
        state::HttpState,
    },
    jobs::admission::Settings,
    ops::tenant_limits::TenantLimits,
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    TenantLimits: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_limits)).routes(routes!(get_limits, put_limits, reset_limits))
}

/// Limits of one tenant. A missing or `null` limit gets the default from the settings.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewLimits {
    /// Jobs of one kind that run at once, on all workers together: 0 to 10000, 0 is no cap.
    in_flight: Option<u32>,
    /// Jobs that it may submit per second to one gateway: 0 to 1000000, 0 is no cap.
    per_second: Option<u32>,
    /// Jobs of one kind that have not ended, scheduled ones included: from 1 to `nats.tenant_backlog`.
    backlog: Option<u64>,
}

/// The limits of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsView {
    /// The tenant.
    pub tenant: String,
    /// Jobs of one kind that run at once, on all workers together; 0: no cap.
    pub in_flight: u32,
    /// Jobs that it may submit per second to one gateway; 0: no cap.
    pub per_second: u32,
    /// Jobs of one kind that have not ended.
    pub backlog: u64,
    /// The limits that are set for this tenant; the others are the defaults from the settings.
    pub own: Vec<&'static str>,
}

/// The tenants that have limits of their own.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsList {
    /// `list`.
    pub object: &'static str,
    /// The limits of each such tenant.
    pub data: Vec<LimitsView>,
    /// Always `false`: the list is whole.
    pub has_more: bool,
}

/// List limits
///
/// Returns the tenants that have limits of their own.
#[utoipa::path(get, path = "/v1/limits", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "The tenants", body = LimitsList),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_limits(State(caps): State<TenantLimits>, caller: Caller) -> Result<Json<LimitsList>, ApiError> {
    caller.admin()?;
    let data = caps.all().await?.iter().map(|(tenant, own)| view(&caps.settings, tenant, own)).collect();
    Ok(Json(LimitsList { object: "list", data, has_more: false }))
}

/// Get a tenant's limits
///
/// Returns the tenant's own limits, and the defaults from the settings for the others.
#[utoipa::path(get, path = "/v1/tenants/{tenant}/limits", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The limits", body = LimitsView),
        (status = 400, description = "The tenant's name is not valid", body = ErrorBody),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn get_limits(
    State(caps): State<TenantLimits>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<LimitsView>, ApiError> {
    caller.admin()?;
    let tenant = tenant_named(&tenant)?;
    let own = caps.all().await?.get(&tenant).copied().unwrap_or_default();
    Ok(Json(view(&caps.settings, &tenant, &own)))
}

/// Set a tenant's limits
///
/// Replaces the tenant's own limits, at once and without a restart. A backlog can't exceed `nats.tenant_backlog`, which
/// NATS enforces for every tenant.
#[utoipa::path(put, path = "/v1/tenants/{tenant}/limits", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    request_body = NewLimits,
    responses(
        (status = 200, description = "The limits", body = LimitsView),
        (status = "4XX", description = "A limit is not valid", body = ErrorBody),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn put_limits(
    State(caps): State<TenantLimits>,
    caller: Caller,
    Path(tenant): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<LimitsView>, ApiError> {
    caller.admin()?;
    let tenant = tenant_named(&tenant)?;
    let NewLimits { in_flight, per_second, backlog } = parse(&text)?;
    let most = caps.settings.backlog.min(i64::MAX.unsigned_abs());
    check_range("in_flight", in_flight.map(u64::from), 0, limits::MOST_IN_FLIGHT.into(), "0 is no cap")?;
    check_range("per_second", per_second.map(u64::from), 0, limits::MOST_PER_SECOND.into(), "0 is no cap")?;
    check_range("backlog", backlog, 1, most, "nats.tenant_backlog holds for every tenant, so it can only be lower")?;
    set(&caps, &tenant, Caps { in_flight, per_second, backlog }).await
}

/// Reset a tenant's limits
///
/// Restores the defaults from the settings.
#[utoipa::path(delete, path = "/v1/tenants/{tenant}/limits", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The limits", body = LimitsView),
        (status = 400, description = "The tenant's name is not valid", body = ErrorBody),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn reset_limits(
    State(caps): State<TenantLimits>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<LimitsView>, ApiError> {
    caller.admin()?;
    set(&caps, &tenant_named(&tenant)?, Caps::default()).await
}

async fn set(all: &TenantLimits, tenant: &TenantId, own: Caps) -> Result<Json<LimitsView>, ApiError> {
    all.set(tenant, own).await?;
    Ok(Json(view(&all.settings, tenant, &own)))
}

fn check_range(name: &str, value: Option<u64>, least: u64, most: u64, note: &str) -> Result<(), ApiError> {
    match value.filter(|value| !(least..=most).contains(value)) {
        Some(value) => Err(ApiError::invalid(name, format!("is {value}: {least} to {most} is allowed ({note})"))),
        None => Ok(()),
    }
}

fn view(settings: &Settings, tenant: &TenantId, caps: &Caps) -> LimitsView {
    let own =
        [caps.in_flight.map(|_| "in_flight"), caps.per_second.map(|_| "per_second"), caps.backlog.map(|_| "backlog")];
    LimitsView {
        tenant: tenant.to_string(),
        in_flight: caps.in_flight.unwrap_or(settings.in_flight),
        per_second: caps.per_second.unwrap_or(settings.per_second),
        backlog: caps.backlog.unwrap_or(settings.backlog),
        own: own.into_iter().flatten().collect(),
    }
}
