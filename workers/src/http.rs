//! A worker's HTTP server: `/metrics` (Prometheus), `/healthz` (it runs) and `/readyz` (it can work, or what is
//! missing).

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use prometheus_client::{encoding::text::encode, registry::Registry};
use ruche_bus::Bus;
use ruche_schemas::config;
use ruche_store::ledger::Ledger;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tracing::{error, info};

#[derive(Clone)]
pub struct Health {
    pub bus: Arc<dyn Bus>,
    pub ledger: Arc<dyn Ledger>,
    pub registry: Arc<Registry>,
}

/// Serves until aborted. Fails if it can't listen on the port.
pub async fn serve(settings: &config::Worker, health: Health) -> Result<JoinHandle<()>> {
    let address = (settings.host.as_str(), settings.port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        let (host, port) = address;
        format!("can't listen on {host}:{port}: choose another worker.port (RUCHE_WORKER__PORT), or 0 for a free one")
    })?;
    info!(server.address = %listener.local_addr()?, "listening");
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/readyz", get(ready))
        .with_state(health);
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            error!(%error, "metrics are no longer served");
        }
    }))
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    let mut text = String::new();
    match encode(&mut text, &health.registry) {
        Ok(()) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([("content-type", content_type)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let (bus, ledger) = tokio::join!(health.bus.ready(), health.ledger.ready());
    let mut missing = Map::new();
    missing.extend(bus.err().map(|error| ("nats".to_owned(), Value::from(error.to_string()))));
    missing.extend(ledger.err().map(|error| ("postgres".to_owned(), Value::from(error.to_string()))));
    match missing.is_empty() {
        true => (StatusCode::OK, Json(json!({"status": "ready"}))),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready", "missing": missing}))),
    }
}
