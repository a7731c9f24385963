//! `/v1/queues`: what waits, runs and is done.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{FromRef, State},
};
use ruche_bus::{Bus, Depth, Pause};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        state::HttpState,
    },
    ops::{pauses::Pauses, throughput::Throughput},
};

#[derive(Clone)]
pub struct Queues {
    pub bus: Arc<dyn Bus>,
    pub throughput: Arc<Throughput>,
    pub pauses: Pauses,
}

/// A lane of a kind's queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueView {
    /// The kind.
    pub kind: String,
    /// The lane.
    pub lane: String,
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// Jobs that a worker has received and not yet acknowledged.
    pub in_flight: u64,
    /// Age of the oldest waiting job, in seconds; `null` if none waits.
    pub oldest_seconds: Option<f64>,
    /// How many jobs the kind's workers run at once, all lanes together.
    pub slots: u64,
    /// How many of those slots are busy.
    pub busy: u64,
    /// Jobs that ended per second in the last minute, successful or not, including jobs without a stored result.
    pub per_second: f64,
    /// Whether the kind is paused.
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

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Queues: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_queues))
}

/// List queues
///
/// Returns the waiting and running jobs and the throughput, per kind and lane.
#[utoipa::path(get, path = "/v1/queues", tag = "operators", security(("bearer" = [])),
    responses(
        (status = 200, description = "All queues", body = QueueList),
        (status = 403, description = "The key does not have the role `admin`", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_queues(State(queues): State<Queues>, caller: Caller) -> Result<Json<QueueList>, ApiError> {
    caller.admin()?;
    let (depths, workers) = tokio::try_join!(queues.bus.depth(), queues.bus.workers())?;
    queues.throughput.note(&workers, Instant::now());
    let paused = queues.pauses.all().await?;
    let view = |depth: Depth| {
        let mine = || workers.iter().filter(|worker| worker.kind == depth.kind);
        QueueView {
            waiting: depth.waiting,
            in_flight: depth.in_flight,
            oldest_seconds: depth.oldest.as_ref().map(Duration::as_secs_f64),
            slots: mine().map(|worker| u64::from(worker.slots)).sum(),
            busy: mine().map(|worker| u64::from(worker.in_flight)).sum(),
            per_second: queues.throughput.per_second(&depth.kind, depth.lane),
            paused: paused.contains(&Pause::Kind(depth.kind.clone())),
            kind: depth.kind.to_string(),
            lane: depth.lane.to_string(),
        }
    };
    Ok(Json(QueueList { object: "list", data: depths.into_iter().map(view).collect(), has_more: false }))
}
