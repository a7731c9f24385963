//! `/v1/queues` and what is held up: for operators.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use futures::StreamExt;
use ruche_bus::{Hold, Unavailable};
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

/// Something that is held up until it is resumed.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldView {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// Which one.
    pub name: String,
}

/// All that is held up.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldList {
    /// `list`.
    pub object: &'static str,
    /// What is held up.
    pub data: Vec<HoldView>,
    /// Always `false`.
    pub has_more: bool,
}

/// Whether something is held up now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Held {
    /// `kind`, `tenant` or `worker`.
    pub what: &'static str,
    /// Which one.
    pub name: String,
    /// Whether it is held up.
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
    let held = holds(&app).await?;
    let view = |depth: ruche_bus::Depth| {
        let mine = || workers.iter().filter(|worker| worker.kind == depth.kind);
        QueueView {
            waiting: depth.waiting,
            in_flight: depth.in_flight,
            oldest_seconds: depth.oldest.as_ref().map(Duration::as_secs_f64),
            slots: mine().map(|worker| u64::from(worker.slots)).sum(),
            busy: mine().map(|worker| u64::from(worker.in_flight)).sum(),
            per_second: app.throughput.per_second(&depth.kind, depth.lane),
            paused: held.contains(&Hold::Kind(depth.kind.clone())),
            kind: depth.kind.to_string(),
            lane: depth.lane.to_string(),
        }
    };
    Ok(Json(QueueList { object: "list", data: depths.into_iter().map(view).collect(), has_more: false }))
}

/// List holds
///
/// The kinds, tenants and workers that are held up.
#[utoipa::path(get, path = "/v1/holds", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All that is held up", body = HoldList),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn list_holds(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<HoldList>, ApiError> {
    caller.admin()?;
    let named = |hold: &Hold| {
        let (what, name) = name(hold);
        HoldView { what, name }
    };
    let data = holds(&app).await?.iter().map(named).collect();
    Ok(Json(HoldList { object: "list", data, has_more: false }))
}

/// Pause a kind
///
/// No worker takes jobs of this kind until it is resumed. What runs goes on; jobs are still accepted.
#[utoipa::path(post, path = "/v1/queues/{kind}/pause", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "It is paused", body = Held),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such kind", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn pause_kind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<Held>, ApiError> {
    caller.admin()?;
    hold(&app, Hold::Kind(app.descriptor(&kind)?.kind.clone()), true).await
}

/// Resume a kind
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/queues/{kind}/resume", tag = "operators", security(("bearer" = [])),
    params(("kind" = String, Path, description = "The kind")),
    responses(
        (status = 200, description = "It is not paused", body = Held),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such kind", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn resume_kind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kind): Path<String>,
) -> Result<Json<Held>, ApiError> {
    caller.admin()?;
    hold(&app, Hold::Kind(app.descriptor(&kind)?.kind.clone()), false).await
}

/// Pause a tenant
///
/// No worker takes its jobs until it is resumed. What runs goes on; jobs are still accepted.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/pause", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "It is paused", body = Held),
        (status = 400, description = "This is no tenant's name", body = ErrorBody),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn pause_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Held>, ApiError> {
    caller.admin()?;
    hold(&app, Hold::Tenant(tenant_named(&tenant)?), true).await
}

/// Resume a tenant
///
/// Workers take its jobs again.
#[utoipa::path(post, path = "/v1/tenants/{tenant}/resume", tag = "operators", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The tenant")),
    responses(
        (status = 200, description = "It is not paused", body = Held),
        (status = 400, description = "This is no tenant's name", body = ErrorBody),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn resume_tenant(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Held>, ApiError> {
    caller.admin()?;
    hold(&app, Hold::Tenant(tenant_named(&tenant)?), false).await
}

pub(crate) fn tenant_named(name: &str) -> Result<TenantId, ApiError> {
    name.parse().map_err(|error| ApiError::invalid("tenant", format!("{error}")))
}

fn name(hold: &Hold) -> (&'static str, String) {
    match hold {
        Hold::Kind(kind) => ("kind", kind.to_string()),
        Hold::Tenant(tenant) => ("tenant", tenant.to_string()),
        Hold::Worker(worker) => ("worker", worker.clone()),
    }
}

/// Holds something up, or resumes it.
pub(crate) async fn hold(app: &App, hold: Hold, on: bool) -> Result<Json<Held>, ApiError> {
    app.bus.hold(&hold, on).await?;
    let (what, name) = name(&hold);
    tracing::info!(ruche.hold = what, ruche.held = %name, on, "an operator changed what is held up");
    Ok(Json(Held { what, name, paused: on }))
}

/// What is held up now.
pub(crate) async fn holds(app: &App) -> Result<Vec<Hold>, ApiError> {
    let mut holds = app.bus.holds().await?;
    let now = tokio::time::timeout(limits::FIRST, holds.next()).await;
    now.ok().flatten().ok_or_else(|| Unavailable("it does not say what is held up".to_owned()).into())
}
