//! Metrics of the runtimes.

use std::time::Instant;

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use ruche_schemas::Kind;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    kind: String,
    outcome: &'static str,
}

/// From 1 ms to 10 min.
const SECONDS: [f64; 13] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 600.0];

type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

#[derive(Clone)]
pub struct Metrics {
    ended: Family<EndLabels, Counter>,
    running: Family<Labels, Gauge>,
    slots: Family<Labels, Gauge>,
    waited: Histograms,
    worked: Histograms,
}

impl Metrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            ended: Family::default(),
            running: Family::default(),
            slots: Family::default(),
            waited: Family::new_with_constructor(seconds),
            worked: Family::new_with_constructor(seconds),
        };
        let registry = registry.sub_registry_with_prefix("ruche_jobs");
        registry.register("ended", "Attempts, by how they ended", metrics.ended.clone());
        registry.register("running", "Jobs that run now", metrics.running.clone());
        registry.register("slots", "Jobs that can run at once", metrics.slots.clone());
        let help = "From publishing to the beginning of an attempt";
        registry.register_with_unit("wait", help, Unit::Seconds, metrics.waited.clone());
        let help = "From the beginning of an attempt to its settlement";
        registry.register_with_unit("work", help, Unit::Seconds, metrics.worked.clone());
        metrics
    }

    #[must_use]
    pub(super) fn of(&self, kind: &Kind, slots: usize) -> KindMetrics {
        let labels = Labels { kind: kind.to_string() };
        self.slots.get_or_create(&labels).set(i64::try_from(slots).unwrap_or(i64::MAX));
        KindMetrics {
            running: self.running.get_or_create(&labels).clone(),
            waited: self.waited.get_or_create(&labels).clone(),
            worked: self.worked.get_or_create(&labels).clone(),
            ended: self.ended.clone(),
            kind: labels.kind,
        }
    }
}

pub(super) struct KindMetrics {
    kind: String,
    ended: Family<EndLabels, Counter>,
    running: Gauge,
    waited: Histogram,
    worked: Histogram,
}

impl KindMetrics {
    pub(super) fn begin(&self, published: DateTime<Utc>, now: DateTime<Utc>) -> Timer<'_> {
        self.running.inc();
        self.waited.observe((now - published).as_seconds_f64().max(0.0));
        Timer { metrics: self, since: Instant::now() }
    }
}

pub(super) struct Timer<'a> {
    metrics: &'a KindMetrics,
    since: Instant,
}

impl Timer<'_> {
    pub(super) fn end(self, outcome: &'static str) {
        let labels = EndLabels { kind: self.metrics.kind.clone(), outcome };
        self.metrics.ended.get_or_create(&labels).inc();
        self.metrics.worked.observe(self.since.elapsed().as_secs_f64());
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.metrics.running.dec();
    }
}
