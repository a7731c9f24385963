//! `/metrics`, for Prometheus.

use std::sync::Arc;

use axum::{extract::State, http::header, response::IntoResponse};

use super::error::ApiError;
use crate::app::parts::App;

/// Metrics
///
/// OpenMetrics text: requests, sockets, queue depth and oldest age per kind and lane.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "OpenMetrics 1.0", body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let text = app.metrics.text().map_err(|_| ApiError::internal())?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
