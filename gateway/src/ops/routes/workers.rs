//! `/v1/workers`: who works, on what and where; for operators.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_bus::{Pause, WorkerRegistration, WorkerState};
use serde::Serialize;
use utoipa::ToSchema;

use super::queues::{PauseState, pauses, set_paused};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::Path,
        error::{ApiError, ErrorBody},
    },
};

/// A worker that is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerView {
    /// Its name: host and process.
    pub worker: String,
    /// The kind that it works on.
    pub kind: String,
    /// Its machine.
    pub host: String,
    /// What its operator says of it.
    pub labels: BTreeMap<String, String>,
    /// Its GPU, if it has one.
    pub gpu: Option<String>,
    /// The models that it has loaded.
    pub models: Vec<String>,
    /// How many jobs it runs at once.
    pub slots: u32,
    /// How many run.
    pub in_flight: u32,
    /// `running`, or `draining`: it ends what runs and takes nothing new.
    pub state: &'static str,
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub since: DateTime<Utc>,
}

/// All workers that are alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerList {
    /// `list`.
    pub object: &'static str,
    /// The workers, by name.
    pub data: Vec<WorkerView>,
    /// Always `false`.
    pub has_more: bool,
}

/// List workers
///
/// Those that have announced themselves in the last half minute.
#[utoipa::path(get, path = "/v1/workers", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All workers", body = WorkerList),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn list_workers(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<WorkerList>, ApiError> {
    caller.admin()?;
    let (workers, held) = (app.bus.workers().await?, pauses(&app).await?);
    let data = workers.into_iter().map(|worker| view(worker, &held)).collect();
    Ok(Json(WorkerList { object: "list", data, has_more: false }))
}

/// Drain a worker
///
/// It ends what runs and takes nothing new until it is resumed.
#[utoipa::path(post, path = "/v1/workers/{name}/drain", tag = "operators", security(("bearer" = [])),
    params(("name" = String, Path, description = "The worker's name")),
    responses(
        (status = 200, description = "It drains", body = PauseState),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such worker", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn drain_worker(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    known(&app, &name).await?;
    set_paused(&app, Pause::Worker(name), true).await
}

/// Resume a worker
///
/// It takes jobs again.
#[utoipa::path(post, path = "/v1/workers/{name}/resume", tag = "operators", security(("bearer" = [])),
    params(("name" = String, Path, description = "The worker's name")),
    responses(
        (status = 200, description = "It takes jobs", body = PauseState),
        (status = 403, description = "Not an operator's key", body = ErrorBody),
        (status = 404, description = "There is no such worker, and no such pause", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn resume_worker(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    let held = Pause::Worker(name.clone());
    // One that has gone since may still be held up.
    if !pauses(&app).await?.contains(&held) {
        known(&app, &name).await?;
    }
    set_paused(&app, held, false).await
}

async fn known(app: &App, name: &str) -> Result<(), ApiError> {
    match app.bus.workers().await?.iter().any(|worker| worker.worker == name) {
        true => Ok(()),
        false => {
            let shown: String = name.chars().take(160).collect();
            let message = format!("there is no worker {shown:?}: GET /v1/workers lists those that there are");
            Err(ApiError::not_found("worker_not_found", message).param("name"))
        }
    }
}

fn view(worker: WorkerRegistration, held: &[Pause]) -> WorkerView {
    let draining = worker.state == WorkerState::Draining || held.contains(&Pause::Worker(worker.worker.clone()));
    WorkerView {
        worker: worker.worker,
        kind: worker.kind.to_string(),
        host: worker.host,
        labels: worker.labels,
        gpu: worker.gpu,
        models: worker.models,
        slots: worker.slots,
        in_flight: worker.in_flight,
        state: if draining { "draining" } else { "running" },
        version: worker.version,
        since: worker.since,
    }
}
