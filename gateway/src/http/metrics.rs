//! What Prometheus reads at `/metrics`: requests, sockets, how much waits in each lane of each kind, and how many places
//! its workers have. What waits and the places that are taken, together, are what to scale workers by.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
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

use super::limits;
use crate::app::parts::App;

/// The gauges, counters and histograms.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    waiting: Family<LaneLabels, Gauge>,
    in_flight: Family<LaneLabels, Gauge>,
    oldest: Family<LaneLabels, Gauge<f64, AtomicU64>>,
    slots: Family<KindLabels, Gauge>,
    busy: Family<KindLabels, Gauge>,
    /// WebSockets that are open.
    pub sockets: Gauge,
    /// SSE streams that are open, OpenAI's included.
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
        registry.register("ruche_queue_busy_slots", "Places of the workers of a kind that are taken", busy.clone());
        registry.register("ruche_gateway_sockets", "WebSockets that are open", sockets.clone());
        registry.register("ruche_gateway_streams", "Event streams that are open", streams.clone());
    }

    /// Counts a request whose response has begun.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (http_request_method, http_route) = (method.to_owned(), route.to_owned());
        let labels = RouteLabels { http_request_method, http_route };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        let RouteLabels { http_request_method, http_route } = labels;
        let labels = RequestLabels { http_request_method, http_route, http_response_status_code: status };
        self.requests.get_or_create(&labels).inc();
    }

    /// Takes the depth of each lane over.
    pub fn depth(&self, depths: &[Depth]) {
        for depth in depths {
            let labels = LaneLabels { kind: depth.kind.to_string(), lane: depth.lane.to_string() };
            self.waiting.get_or_create(&labels).set(depth.waiting.try_into().unwrap_or(i64::MAX));
            self.in_flight.get_or_create(&labels).set(depth.in_flight.try_into().unwrap_or(i64::MAX));
            self.oldest.get_or_create(&labels).set(depth.oldest.unwrap_or_default().as_secs_f64());
        }
    }

    /// Takes over how many places the workers of these kinds have: none where there is no worker.
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

    /// The text that Prometheus reads (OpenMetrics 1.0).
    ///
    /// # Errors
    /// Never in practice: writing to a string does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts something open for as long as it lives.
#[derive(Debug)]
pub struct Open(Gauge);

impl Open {
    /// One more.
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

/// Reads the queues until the gateway stops: the one place that asks, since asking costs the server.
pub async fn export_queues(app: Arc<App>) {
    let mut ticks = tokio::time::interval(limits::DEPTH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = app.lifecycle.draining.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match tokio::try_join!(app.bus.depth(), app.bus.workers()) {
            Ok((depths, workers)) => {
                app.metrics.depth(&depths);
                app.metrics.slots(app.kinds.keys(), &workers);
                app.throughput.note(&workers, Instant::now());
            }
            Err(error) => tracing::debug!(error.message = %error, "the queues could not be read"),
        }
    }
}
