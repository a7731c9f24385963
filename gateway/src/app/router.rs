//! The router of the whole service, and its OpenAPI description.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tower::Layer;
use tower_http::{catch_panic::CatchPanicLayer, normalize_path::NormalizePathLayer};
use utoipa_axum::router::OpenApiRouter;

use super::services::Services;
use crate::{
    batches, bots, chat, documents,
    http::{
        bounds::{self, Bounds},
        cors, encoding,
        error::ApiError,
        health, ignored,
        known_parameters::{self, KnownParameters},
        metrics,
        missing::Paths,
        nul, observe,
        openapi::{self, Description},
        root,
        state::HttpState,
        unread,
    },
    jobs, ops, render, schedules, search,
};

/// The description, written once.
static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
static DESCRIPTION: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());

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
        .merge(root::routes())
}

#[must_use]
pub fn document() -> Value {
    openapi::document(documented().into_openapi())
}

pub(super) fn description() -> Description {
    Description(DESCRIPTION.as_str())
}

pub fn router(services: Services) -> Router {
    let (router, api) = documented().split_for_parts();
    let (paths, known) = (Arc::new(Paths::new(&api.paths)), KnownParameters::of(&api.paths));
    let bounds = Bounds::of(&DOCUMENT);
    let (routes, all) = (Arc::clone(&paths), Arc::clone(&paths));
    let metrics = Arc::clone(&services.http().metrics);
    let origins = Arc::clone(&services.http().origins);
    let router = router
        .fallback(move |request: Request| std::future::ready(paths.nothing_at(request.uri().path())))
        .method_not_allowed_fallback(move |request: Request| std::future::ready(other_method(&routes, &request)))
        .layer(middleware::from_fn_with_state(known, known_parameters::check))
        .layer(middleware::from_fn(encoding::decode))
        .layer(middleware::from_fn(nul::request))
        .layer(middleware::from_fn_with_state(bounds, bounds::tell))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(ignored::request))
        .layer(middleware::from_fn_with_state(metrics, observe::request))
        .with_state(services);
    // Before the routes are looked at, so that a path with a slash at its end is the same one.
    let router = Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(router));
    let single = move |request: Request, next: Next| single_slash(Arc::clone(&all), request, next);
    cors::layer(router.layer(middleware::from_fn(single)), origins).layer(middleware::from_fn(unread::close))
}

/// 404 for a path that begins with several slashes, which the layer for the slash at the end would make one.
async fn single_slash(paths: Arc<Paths>, request: Request, next: Next) -> Response {
    match request.uri().path() {
        path if path.starts_with("//") => paths.nothing_at(path).into_response(),
        _ => next.run(request).await,
    }
}

/// The router adds `Allow`.
fn other_method(paths: &Paths, request: &Request) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match request.method() {
        &Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        method => paths.no_method(method, request.uri().path(), route).into_response(),
    }
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(exception.message = text.unwrap_or("?"), "a request panicked");
    ApiError::internal().into_response()
}
