//! `/v1/queues` and `/v1/pauses`: for operators.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use futures::StreamExt;
use ruche_bus::{Pause, Unavailable};
use ruche_schemas::TenantId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::Path,
        error::{ApiError, ErrorBody},
        limits,
    },
};

/// A lane of a kind's queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueView {
    /// The kind.
    pub kind: String,
    /// The lane.
    pub lane: String,
    /// Jobs that no worker has.
    pub waiting: u64,
    /// Jobs that a worker has and has not settled.
    pub in_flight: u64,
    /// For how long the oldest job that no worker has waits; `null` when there is none.
    pub oldest_seconds: Option<f64>,
    /// How many jobs the kind's workers run at once, all lanes together.
    pub slots: u64,
    /// How many of those places are taken.
    pub busy: u64,
    /// Jobs that ended per second in the last minute, well or badly, those that are not kept among them.
    pub per_second: f64,
    /// Whether no worker takes jobs of the kind.
    pub paused: bool,
}

/// All queues.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueList {
    /// `list`.
    pub object: &'static str,
    /// The lanes of all kinds.
    pub data: Vec<QueueView>,
    /// Always `false`.
    pub has_more: bool,
}

/// What is paused until it is resumed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseView {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// Which one.
    pub name: String,
}

/// All pauses.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseList {
    /// `list`.
    pub object: &'static str,
    /// What is paused.
    pub data: Vec<PauseView>,
    /// Always `false`.
    pub has_more: bool,
}

/// Whether something is paused now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseState {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// Which one.
    pub name: String,
    /// Whether it is paused.
    pub paused: bool,
}

/// List queues
///
/// What waits, runs and is done, per kind and lane.
#[utoipa::path(get, path = "/v1/queues", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All queues", body = QueueList),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn list_queues(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<QueueList>, ApiError> {
    caller.admin()?;
    let (depths, workers) = tokio::try_join!(app.bus.depth(), app.bus.workers())?;
    app.throughput.note(&workers, Instant::now());
    let held = pauses(&app).await?;
    let view = |depth: ruche_bus::Depth| {
        let mine = || workers.iter().filter(|worker| worker.kind == depth.kind);
        QueueView {
            waiting: depth.waiting,
            in_flight: depth.in_flight,
            oldest_seconds: depth.oldest.as_ref().map(Duration::as_secs_f64),
            slots: mine().map(|worker| u64::from(worker.slots)).sum(),
            busy: mine().map(|worker| u64::from(worker.in_flight)).sum(),
            per_second: app.throughput.per_second(&depth.kind, depth.lane),
            paused: held.contains(&Pause::Kind(depth.kind.clone())),
            kind: depth.kind.to_string(),
            lane: depth.lane.to_string(),
        }
    };
    Ok(Json(QueueList { object: "list", data: depths.into_iter().map(view).collect(), has_more: false }))
}

/// List pauses
///
/// The kinds, tenants and workers that are paused.
#[utoipa::path(get, path = "/v1/pauses", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All pauses", body = PauseList),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn list_pauses(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<PauseList>, ApiError> {
    caller.admin()?;
    let named = |pause: &Pause| {
        let (what, name) = name(pause);
        PauseView { what, name }
    };
    let data = pauses(&app).await?.iter().map(named).collect();
    Ok(Json(PauseList { object: "list", data, has_more: false }))
}

/// Pause a kind
///
/// No worker takes jobs of this kind until it is resumed. What runs goes on; jobs are still accepted.
#[utoipa::path(post, path = "/v1/queues/{kind}/pause", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "It is paused", body = PauseState),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such kind", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn pause_kind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set_paused(&app, Pause::Kind(app.descriptor(&kind)?.kind.clone()), true).await
}

/// Resume a kind
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/queues/{kind}/resume", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "It is not paused", body = PauseState),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such kind", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn resume_kind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set_paused(&app, Pause::Kind(app.descriptor(&kind)?.kind.clone()), false).await
}

/// Pause a tenant
///
/// No worker takes its jobs until it is resumed. What runs goes on; jobs are still accepted.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/pause", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "It is paused", body = PauseState),
        (status = 400, description = "This is no tenant's name", body = ErrorBody),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn pause_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set_paused(&app, Pause::Tenant(tenant_named(&tenant)?), true).await
}

/// Resume a tenant
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/resume", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "It is not paused", body = PauseState),
        (status = 400, description = "This is no tenant's name", body = ErrorBody),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn resume_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    set_paused(&app, Pause::Tenant(tenant_named(&tenant)?), false).await
}

pub(crate) fn tenant_named(name: &str) -> Result<TenantId, ApiError> {
    name.parse().map_err(|error| ApiError::invalid("tenant", format!("{error}")))
}

fn name(pause: &Pause) -> (&'static str, String) {
    match pause {
        Pause::Kind(kind) => ("kind", kind.to_string()),
        Pause::Tenant(tenant) => ("tenant", tenant.to_string()),
        Pause::Worker(worker) => ("worker", worker.clone()),
    }
}

/// Pauses something, or resumes it.
pub(crate) async fn set_paused(app: &App, pause: Pause, paused: bool) -> Result<Json<PauseState>, ApiError> {
    app.bus.set_paused(&pause, paused).await?;
    let (what, name) = name(&pause);
    tracing::info!(ruche.pause.what = what, ruche.pause.name = %name, paused, "an operator changed a pause");
    Ok(Json(PauseState { what, name, paused }))
}

/// What is paused now.
pub(crate) async fn pauses(app: &App) -> Result<Vec<Pause>, ApiError> {
    let mut pauses = app.bus.pauses().await?;
    let now = tokio::time::timeout(limits::FIRST, pauses.next()).await;
    now.ok().flatten().ok_or_else(|| Unavailable("it does not say what is paused".to_owned()).into())
}
