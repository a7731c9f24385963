//! `/v1/workers`: live workers.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{FromRef, State},
};
use chrono::{DateTime, Utc};
use ruche_bus::{Bus, Pause, ReconcilerStatus, WorkerRegistration, WorkerState};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::pauses::{PauseState, set};
use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::Path,
        state::HttpState,
    },
    ops::pauses::Pauses,
};

#[derive(Clone)]
pub struct Workers {
    pub bus: Arc<dyn Bus>,
    pub pauses: Pauses,
}

impl Workers {
    /// # Errors
    /// 404 for a worker that is not alive; 503.
    async fn check(&self, name: &str) -> Result<(), ApiError> {
        match self.bus.workers().await?.iter().any(|worker| worker.worker == name) {
            true => Ok(()),
            false => {
                let shown: String = name.chars().take(160).collect();
                let message = format!("there is no worker {shown:?}: GET /v1/workers lists those that there are");
                Err(ApiError::not_found("worker_not_found", message).param("name"))
            }
        }
    }
}

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Workers: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_workers)).routes(routes!(drain_worker)).routes(routes!(resume_worker))
}

/// A worker that is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerView {
    /// Its name: host and process.
    pub worker: String,
    /// The kind that it works on.
    pub kind: String,
    /// Its machine.
    pub host: String,
    /// Labels from `worker.labels`.
    pub labels: BTreeMap<String, String>,
    /// Its GPU, if it has one.
    pub gpu: Option<String>,
    /// The models that it has loaded.
    pub models: Vec<String>,
    /// From `worker.pool`: the worker takes only jobs that name this model. `null`: it takes the jobs without a pool.
    pub pool: Option<String>,
    /// How many jobs it runs at once.
    pub slots: u32,
    /// How many jobs run on it.
    pub in_flight: u32,
    /// Its background tasks.
    pub reconcilers: Vec<ReconcilerView>,
    /// `running`, or `draining`: it completes its running jobs and takes no new ones.
    pub state: &'static str,
    /// Its version.
    pub version: String,
    /// The time of its start.
    pub since: DateTime<Utc>,
}

/// The status of a worker's background task.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReconcilerView {
    /// Such as `retention`.
    pub name: String,
    /// When its last pass ended.
    pub last_run: Option<DateTime<Utc>>,
    /// The error of its last pass, if it failed.
    pub last_error: Option<String>,
    /// The number of completed passes since the worker started.
    pub runs: u64,
    /// The number of its changes since the worker started: rows deleted, indexes created, jobs ended.
    pub changes: u64,
}

impl From<ReconcilerStatus> for ReconcilerView {
    fn from(status: ReconcilerStatus) -> Self {
        let ReconcilerStatus { name, last_run, last_error, runs, changes } = status;
        Self { name, last_run, last_error, runs, changes }
    }
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
/// Returns the workers that registered within the last 30 seconds.
#[utoipa::path(get, path = "/v1/workers", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All workers", body = WorkerList),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_workers(State(workers): State<Workers>, caller: Caller) -> Result<Json<WorkerList>, ApiError> {
    caller.admin()?;
    let (alive, paused) = (workers.bus.workers().await?, workers.pauses.all().await?);
    let data = alive.into_iter().map(|worker| view(worker, &paused)).collect();
    Ok(Json(WorkerList { object: "list", data, has_more: false }))
}

/// Drain a worker
///
/// The worker completes its running jobs and takes no new ones until it is resumed.
#[utoipa::path(post, path = "/v1/workers/{name}/drain", tag = "operators", security(("bearer" = [])),
    params(("name" = String, Path, description = "The worker's name")),
    responses(
        (status = 200, description = "The worker drains", body = PauseState),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 404, description = "Unknown worker", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn drain_worker(
    State(workers): State<Workers>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    workers.check(&name).await?;
    set(&workers.pauses, Pause::Worker(name), true).await
}

/// Resume a worker
///
/// The worker takes jobs again.
#[utoipa::path(post, path = "/v1/workers/{name}/resume", tag = "operators", security(("bearer" = [])),
    params(("name" = String, Path, description = "The worker's name")),
    responses(
        (status = 200, description = "The worker takes jobs", body = PauseState),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 404, description = "Unknown worker, and it is not paused", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn resume_worker(
    State(workers): State<Workers>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<PauseState>, ApiError> {
    caller.admin()?;
    let pause = Pause::Worker(name.clone());
    // A worker that is gone may still be paused.
    if !workers.pauses.all().await?.contains(&pause) {
        workers.check(&name).await?;
    }
    set(&workers.pauses, pause, false).await
}

fn view(worker: WorkerRegistration, paused: &[Pause]) -> WorkerView {
    let draining = worker.state == WorkerState::Draining || paused.contains(&Pause::Worker(worker.worker.clone()));
    WorkerView {
        worker: worker.worker,
        kind: worker.kind.to_string(),
        host: worker.host,
        labels: worker.labels,
        gpu: worker.gpu,
        models: worker.models,
        pool: worker.pool,
        slots: worker.slots,
        in_flight: worker.in_flight,
        reconcilers: worker.reconcilers.into_iter().map(Into::into).collect(),
        state: if draining { "draining" } else { "running" },
        version: worker.version,
        since: worker.since,
    }
}
