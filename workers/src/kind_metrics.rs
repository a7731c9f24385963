//! Registers the metrics that a kind's descriptor lists.

use std::collections::HashMap;

use prometheus_client::{
    metrics::{counter::Counter, histogram::Histogram},
    registry::{Registry, Unit},
};
use ruche_schemas::{
    Kind,
    metrics::{Measure, Metric},
};

#[derive(Debug, Clone, Default)]
pub struct KindMetrics {
    counters: HashMap<&'static str, Counter>,
    histograms: HashMap<&'static str, Histogram>,
}

impl KindMetrics {
    #[must_use]
    pub fn register(registry: &mut Registry, kind: &Kind, listed: &[&'static Metric]) -> Self {
        let registry = registry.sub_registry_with_prefix(format!("ruche_{kind}"));
        let mut metrics = Self::default();
        for metric in listed {
            let (name, help) = (metric.name, metric.help);
            match metric.measure {
                Measure::Counter => {
                    let counter = metrics.counters.entry(name).or_default();
                    registry.register(name, help, counter.clone());
                }
                Measure::Values(bounds) => registry.register(name, help, metrics.add(name, bounds)),
                Measure::Seconds(bounds) => {
                    registry.register_with_unit(name, help, Unit::Seconds, metrics.add(name, bounds));
                }
            }
        }
        metrics
    }

    fn add(&mut self, name: &'static str, bounds: &[f64]) -> Histogram {
        let histogram = Histogram::new(bounds.iter().copied());
        self.histograms.insert(name, histogram.clone());
        histogram
    }

    /// If the kind's descriptor does not list the metric, the counter is not exported.
    #[must_use]
    pub fn counter(&self, metric: &Metric) -> Counter {
        self.counters.get(metric.name).cloned().unwrap_or_default()
    }

    /// If the kind's descriptor does not list the metric, the histogram is not exported.
    #[must_use]
    pub fn histogram(&self, metric: &Metric) -> Histogram {
        let (Measure::Values(bounds) | Measure::Seconds(bounds)) = metric.measure else {
            return Histogram::new([]);
        };
        let unlisted = || Histogram::new(bounds.iter().copied());
        self.histograms.get(metric.name).cloned().unwrap_or_else(unlisted)
    }
}
