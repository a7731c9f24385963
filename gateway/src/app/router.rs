//! The router of the whole service, and its OpenAPI description.

use std::sync::{Arc, LazyLock};

use axum::{Router, middleware, response::IntoResponse};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use super::services::Services;
use crate::{
    batches, bots, chat, documents,
    http::{
        error::ApiError,
        health, ignored, metrics, observe,
        openapi::{self, Description},
        state::HttpState,
    },
    jobs, ops, render, schedules, search,
};

/// The description, written once.
static DESCRIPTION: LazyLock<String> = LazyLock::new(|| document().to_string());

fn documented() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .merge(jobs::routes::routes())
        .merge(batches::routes::routes())
        .merge(schedules::routes::routes())
        .merge(chat::routes::routes())
        .merge(bots::routes::routes())
        .merge(search::routes::routes())
        .merge(documents::routes::routes())
        .merge(render::routes::routes())
        .merge(ops::routes::dead_letters::routes())
        .merge(ops::routes::dead_many::routes())
        .merge(ops::routes::retry_job::routes())
        .merge(ops::routes::queues::routes())
        .merge(ops::routes::pauses::routes())
        .merge(ops::routes::workers::routes())
        .merge(ops::routes::tenant_limits::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(openapi::routes())
}

#[must_use]
pub fn document() -> Value {
    openapi::document(documented().into_openapi())
}

pub(super) fn description() -> Description {
    Description(DESCRIPTION.as_str())
}

pub fn router(services: Services) -> Router {
    let (router, _) = documented().split_for_parts();
    let metrics = Arc::clone(&services.http().metrics);
    router
        .fallback(|| async {
            ApiError::not_found("unknown_path", "there is nothing here; GET /openapi.json lists what is")
        })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(ignored::request))
        .layer(middleware::from_fn_with_state(metrics, observe::request))
        .with_state(services)
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(exception.message = text.unwrap_or("?"), "a request panicked");
    ApiError::internal().into_response()
}
