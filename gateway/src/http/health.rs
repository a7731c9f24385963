//! `/healthz`: the process runs. `/readyz`: it can take work, or what is missing.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::parts::App;

/// How long a part may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the gateway runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: &'static str,
}

/// Whether the gateway can take work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether it can.
    pub ready: bool,
    /// What is missing.
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

/// Is it alive?
#[utoipa::path(get, path = "/healthz", tag = "operations", responses(
    (status = 200, description = "The process runs", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Can it take work?
///
/// Names what is missing. Postgres being away does not stop jobs, but it stops new keys and conversations.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready", body = Readiness)))]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let (bus, store) = tokio::join!(
        tokio::time::timeout(PATIENCE, app.bus.ready()),
        tokio::time::timeout(PATIENCE, app.store.ready()),
    );
    let mut not_ready = Vec::new();
    // The reasons are ours: anybody may ask here, and addresses are nobody's business.
    if !matches!(bus, Ok(Ok(()))) {
        not_ready.push(NotReady { name: "nats", reason: "the message bus does not take jobs" });
    }
    if !matches!(store, Ok(Ok(()))) {
        not_ready.push(NotReady { name: "postgres", reason: "the database does not answer, or is not migrated" });
    }
    if app.lifecycle.draining.is_cancelled() {
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
