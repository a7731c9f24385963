//! `/healthz`: the process runs. `/readyz`: it can take work, or what is missing.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{FromRef, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ruche_bus::Bus;
use ruche_store::Store;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{lifecycle::Lifecycle, state::HttpState};

/// The time within which each part must answer.
const PROBE_TIME: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub struct Health {
    bus: Arc<dyn Bus>,
    store: Arc<dyn Store>,
    lifecycle: Lifecycle,
}

impl Health {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, store: Arc<dyn Store>, lifecycle: Lifecycle) -> Self {
        Self { bus, store, lifecycle }
    }
}

/// Whether the gateway runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    /// `ok`.
    pub status: &'static str,
}

/// Whether the gateway can take work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether the gateway can take work.
    pub ready: bool,
    /// The parts that are not ready.
    pub not_ready: Vec<NotReady>,
}

/// A part that is not ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotReady {
    /// `nats`, `postgres` or `gateway`.
    pub name: &'static str,
    /// Why.
    pub reason: &'static str,
}

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Health: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// Check liveness
#[utoipa::path(get, path = "/healthz", tag = "operations", responses(
    (status = 200, description = "The process is alive", body = HealthView)))]
async fn healthz() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// Check readiness
///
/// Lists the parts that are not ready. Without Postgres, jobs continue, but new keys and conversations fail.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready", body = Readiness)))]
async fn readyz(State(health): State<Health>) -> Response {
    let (bus, store) = tokio::join!(
        tokio::time::timeout(PROBE_TIME, health.bus.ready()),
        tokio::time::timeout(PROBE_TIME, health.store.ready()),
    );
    let mut not_ready = Vec::new();
    // This is public, so the reasons name no addresses.
    if !matches!(bus, Ok(Ok(()))) {
        not_ready.push(NotReady { name: "nats", reason: "the message bus does not take jobs, or lacks a stream" });
    }
    if !matches!(store, Ok(Ok(()))) {
        not_ready.push(NotReady { name: "postgres", reason: "the database does not answer, or is not migrated" });
    }
    if health.lifecycle.draining.is_cancelled() {
        not_ready.push(NotReady { name: "gateway", reason: "it is shutting down" });
    }
    match not_ready.is_empty() {
        true => Json(Readiness { ready: true, not_ready }).into_response(),
        false => {
            let body = Json(Readiness { ready: false, not_ready });
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], body).into_response()
        }
    }
}
