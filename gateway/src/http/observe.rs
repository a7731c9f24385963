//! One span and one measurement per request. The client's trace goes on here, and in the job's headers.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use ruche_bus::{Headers, trace};
use tracing::{Instrument, field::Empty};

use super::metrics::Metrics;

/// The route of unmatched paths: each path would be a label.
const UNMATCHED: &str = "unmatched";

pub async fn request(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str).to_owned();
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        url.path = request.uri().path(),
        http.response.status_code = Empty,
        ruche.tenant = Empty,
    );
    trace::adopt(&span, &context(&request));
    let response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    span.record("http.response.status_code", status);
    metrics.request(method.as_str(), &route, status, took);
    span.in_scope(|| match status {
        500.. => tracing::warn!(http.response.status_code = status, duration_ms = took.as_millis(), "answered"),
        _ => tracing::debug!(http.response.status_code = status, duration_ms = took.as_millis(), "answered"),
    });
    response
}

/// W3C's two headers.
fn context(request: &Request) -> Headers {
    let header = |name: &str| Some((name.to_owned(), request.headers().get(name)?.to_str().ok()?.to_owned()));
    ["traceparent", "tracestate"].into_iter().filter_map(header).collect()
}
