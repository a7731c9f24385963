//! What browsers ask before a page of another origin may call: CORS (Fetch Standard). Also OPTIONS of other clients,
//! and the origins of WebSockets, which browsers do not check.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use ruche_schemas::config::Origins;
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, Cors, CorsLayer};

use super::{error::ApiError, limits, text::shown};

/// The router behind CORS.
#[derive(Clone)]
struct Front {
    origins: Arc<Origins>,
    router: Router,
    to_pages: Cors<Router>,
}

/// Answers preflights of every path, lets pages of these origins read every answer, and says in `Allow` that OPTIONS
/// is one of the methods.
pub fn layer(router: Router, origins: Arc<Origins>) -> Router {
    let to_pages = cors(Arc::clone(&origins)).layer(router.clone());
    let front = Front { origins, router, to_pages };
    Router::new().fallback(move |request: Request| front.answer(request))
}

/// Keys come in a header, never in a cookie, so a page may do no more than any program with the same key: all methods
/// and headers are allowed.
fn cors(origins: Arc<Origins>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origin.to_str().is_ok_and(|origin| origins.allow(origin))
        }))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(limits::PREFLIGHT_TIME)
}

impl Front {
    async fn answer(self, request: Request) -> Response {
        let Self { origins, router, to_pages } = self;
        let headers = request.headers();
        let options = request.method() == Method::OPTIONS;
        let preflight = options && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let answered = match origin(headers) {
            // The layer would allow nothing, and the page's developer would not learn why.
            Some(origin) if preflight && !origins.allow(origin) => return refused(origin).into_response(),
            Some(_) if preflight || !options => to_pages.oneshot(request).await,
            _ => router.oneshot(request).await,
        };
        let mut response = answered.unwrap_or_else(|never| match never {});
        with_options(response.headers_mut());
        response
    }
}

/// Adds OPTIONS to `Allow`: a router knows only its routes.
fn with_options(headers: &mut HeaderMap) {
    let Some(allowed) = headers.get(header::ALLOW).and_then(|value| value.to_str().ok()) else { return };
    let allowed = allowed.split(',').map(str::trim).filter(|method| !method.is_empty()).chain(["OPTIONS"]);
    if let Ok(allowed) = HeaderValue::from_str(&allowed.collect::<Vec<_>>().join(", ")) {
        headers.insert(header::ALLOW, allowed);
    }
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("?"))
}

fn refused(origin: &str) -> ApiError {
    let message = format!(
        "pages of {:?} may not call this gateway: its operator allows them with gateway.cors_origins \
         (RUCHE_GATEWAY__CORS_ORIGINS)",
        shown(origin)
    );
    ApiError::forbidden(message).param("origin").code("origin_not_allowed")
}

/// Refuses a WebSocket of a page whose origin is neither allowed nor the gateway's own.
///
/// # Errors
/// 403.
pub(crate) fn check(headers: &HeaderMap, origins: &Origins) -> Result<(), ApiError> {
    let Some(origin) = origin(headers) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    // A proxy may end TLS, so the scheme is not compared.
    let own = origin.split_once("://").is_some_and(|(_, host_of_page)| host == Some(host_of_page));
    match own || origins.allow(origin) {
        true => Ok(()),
        false => Err(refused(origin)),
    }
}
