//! The metrics at `/metrics`: requests, sockets, jobs waiting in each lane of each kind, and their workers' slots.
//! Scale workers by waiting jobs and busy slots together.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    extract::{FromRef, State},
    http::header,
    response::IntoResponse,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use ruche_bus::{Depth, WorkerRegistration};
use ruche_schemas::Kind;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::error::ApiError;

pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    waiting: Family<LaneLabels, Gauge>,
    in_flight: Family<LaneLabels, Gauge>,
    oldest: Family<LaneLabels, Gauge<f64, AtomicU64>>,
    slots: Family<KindLabels, Gauge>,
    busy: Family<KindLabels, Gauge>,
    pub sockets: Gauge,
    /// Open SSE streams, OpenAI's included.
    pub streams: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    http_request_method: String,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    http_request_method: String,
    http_route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabels {
    kind: String,
    lane: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.5, 14))),
            waiting: Family::default(),
            in_flight: Family::default(),
            oldest: Family::default(),
            slots: Family::default(),
            busy: Family::default(),
            sockets: Gauge::default(),
            streams: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let Self { registry, requests, durations, waiting, in_flight, oldest, slots, busy, sockets, streams } = self;
        registry.register("http_server_requests", "Requests, by route and status", requests.clone());
        registry.register_with_unit(
            "http_server_request_duration",
            "Time to the head of the response, by route",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("ruche_queue_waiting", "Jobs that no worker has", waiting.clone());
        registry.register("ruche_queue_in_flight", "Jobs that a worker has and has not settled", in_flight.clone());
        let help = "Age of the oldest job that no worker has; 0 when there is none";
        registry.register_with_unit("ruche_queue_oldest", help, Unit::Seconds, oldest.clone());
        registry.register("ruche_queue_slots", "Jobs that the workers of a kind run at once", slots.clone());
        registry.register("ruche_queue_busy_slots", "Slots of the workers of a kind that are busy", busy.clone());
        registry.register("ruche_gateway_sockets", "WebSockets that are open", sockets.clone());
        registry.register("ruche_gateway_streams", "Event streams that are open", streams.clone());
    }

    /// Counts a request when its response begins.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (http_request_method, http_route) = (method.to_owned(), route.to_owned());
        let labels = RouteLabels { http_request_method, http_route };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        let RouteLabels { http_request_method, http_route } = labels;
        let labels = RequestLabels { http_request_method, http_route, http_response_status_code: status };
        self.requests.get_or_create(&labels).inc();
    }

    pub fn depth(&self, depths: &[Depth]) {
        for depth in depths {
            let labels = LaneLabels { kind: depth.kind.to_string(), lane: depth.lane.to_string() };
            self.waiting.get_or_create(&labels).set(depth.waiting.try_into().unwrap_or(i64::MAX));
            self.in_flight.get_or_create(&labels).set(depth.in_flight.try_into().unwrap_or(i64::MAX));
            self.oldest.get_or_create(&labels).set(depth.oldest.unwrap_or_default().as_secs_f64());
        }
    }

    /// Sets the gauges of these kinds: a kind without a worker has no slots.
    pub fn slots<'a>(&self, kinds: impl IntoIterator<Item = &'a Kind>, workers: &[WorkerRegistration]) {
        for kind in kinds {
            let labels = KindLabels { kind: kind.to_string() };
            let sum = |count: fn(&WorkerRegistration) -> u32| {
                workers.iter().filter(|worker| worker.kind == *kind).map(|worker| i64::from(count(worker))).sum()
            };
            self.slots.get_or_create(&labels).set(sum(|worker| worker.slots));
            self.busy.get_or_create(&labels).set(sum(|worker| worker.in_flight));
        }
    }

    /// OpenMetrics 1.0.
    ///
    /// # Errors
    /// Never in practice: a write to a string does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts in a gauge while it lives.
#[derive(Debug)]
pub struct Open(Gauge);

impl Open {
    #[must_use]
    pub fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

pub fn routes<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S>
where
    Arc<Metrics>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Metrics
///
/// OpenMetrics text: requests, sockets, queue depth and oldest age per kind and lane.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "OpenMetrics 1.0", body = String, content_type = "application/openmetrics-text")))]
async fn metrics(State(metrics): State<Arc<Metrics>>) -> Result<impl IntoResponse, ApiError> {
    let text = metrics.text().map_err(|_| ApiError::internal())?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
