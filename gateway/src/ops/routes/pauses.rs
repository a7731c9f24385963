//! Pauses and resumes kinds and tenants; `/v1/pauses` lists them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
};
use ruche_bus::Pause;
use ruche_schemas::TenantId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::Path,
        state::HttpState,
    },
    jobs::kinds::Kinds,
    ops::pauses::{Pauses, named},
};

/// Something that is paused until it is resumed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseView {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// The name of the kind, tenant or worker.
    pub name: String,
}

/// The pauses.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseList {
    /// `list`.
    pub object: &'static str,
    /// The paused kinds, tenants and workers.
    pub data: Vec<PauseView>,
    /// Always `false`.
    pub has_more: bool,
}

/// Whether something is paused now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseState {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// The name of the kind, tenant or worker.
    pub name: String,
    /// Whether it is paused.
    pub paused: bool,
}

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Pauses: FromRef<S>,
    Arc<Kinds>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(pause_kind))
        .routes(routes!(resume_kind))
        .routes(routes!(pause_tenant))
        .routes(routes!(resume_tenant))
        .routes(routes!(list_pauses))
}

/// List pauses
///
/// The kinds, tenants and workers that are paused.
#[utoipa::path(get, path = "/v1/pauses", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "The pauses", body = PauseList),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_pauses(State(pauses): State<Pauses>, caller: Caller) -> Result<Json<PauseList>, ApiError> {
    caller.admin()?;
    let view = |pause: &Pause| {
        let (what, name) = named(pause);
        PauseView { what, name }
    };
    let data = pauses.all().await?.iter().map(view).collect();
    Ok(Json(PauseList { object: "list", data, has_more: false }))
}

/// Pause a kind
///
/// Workers take no jobs of this kind until it is resumed. Running jobs continue; new jobs are accepted.
#[utoipa::path(post, path = "/v1/queues/{kind}/pause", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "Paused", body = PauseState),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 404, description = "Unknown kind", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn pause_kind(
    State(pauses): State<Pauses>,
    State(kinds): State<Arc<Kinds>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set(&pauses, Pause::Kind(kinds.descriptor(&kind)?.kind.clone()), true).await
}

/// Resume a kind
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/queues/{kind}/resume", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "Resumed", body = PauseState),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 404, description = "Unknown kind", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn resume_kind(
    State(pauses): State<Pauses>,
    State(kinds): State<Arc<Kinds>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set(&pauses, Pause::Kind(kinds.descriptor(&kind)?.kind.clone()), false).await
}

/// Pause a tenant
///
/// Workers take none of the tenant's jobs until it is resumed. Running jobs continue; new jobs are accepted.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/pause", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Paused", body = PauseState),
        (status = 400, description = "The tenant's name is not valid", body = ErrorBody),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn pause_tenant(
    State(pauses): State<Pauses>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set(&pauses, Pause::Tenant(tenant_named(&tenant)?), true).await
}

/// Resume a tenant
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/resume", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "Resumed", body = PauseState),
        (status = 400, description = "The tenant's name is not valid", body = ErrorBody),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn resume_tenant(
    State(pauses): State<Pauses>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set(&pauses, Pause::Tenant(tenant_named(&tenant)?), false).await
}

/// # Errors
/// 400.
pub(crate) fn tenant_named(name: &str) -> Result<TenantId, ApiError> {
    name.parse().map_err(|error| ApiError::invalid("tenant", format!("{error}")))
}

/// Pauses or resumes, and answers with the state.
pub(crate) async fn set(pauses: &Pauses, pause: Pause, on: bool) -> Result<Json<PauseState>, ApiError> {
    pauses.set(&pause, on).await?;
    let (what, name) = named(&pause);
    Ok(Json(PauseState { what, name, paused: on }))
}
