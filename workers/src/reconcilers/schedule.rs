//! Runs background tasks, pass after pass, and keeps their status.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use ruche_bus::ReconcilerStatus;
use ruche_schemas::clock::Clock;
use tracing::warn;

use super::reconciler::{Reconciler, Tracker};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    reconciler: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    reconciler: &'static str,
    outcome: &'static str,
}

/// Counters over all background tasks of a process.
#[derive(Clone, Default)]
pub struct Metrics {
    runs: Family<RunLabels, Counter>,
    changes: Family<Labels, Gauge>,
    last_run: Family<Labels, Gauge>,
}

impl Metrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("ruche_reconciler");
        registry.register("runs", "Passes of background tasks, by how they ended", metrics.runs.clone());
        registry.register("changes", "What background tasks have changed so far", metrics.changes.clone());
        let help = "When the last pass ended, as Unix time";
        registry.register_with_unit("last_run_timestamp", help, Unit::Seconds, metrics.last_run.clone());
        metrics
    }

    fn ended(&self, reconciler: &'static str, status: &ReconcilerStatus) {
        let outcome = if status.last_error.is_none() { "ok" } else { "error" };
        self.runs.get_or_create(&RunLabels { reconciler, outcome }).inc();
        let labels = Labels { reconciler };
        self.changes.get_or_create(&labels).set(i64::try_from(status.changes).unwrap_or(i64::MAX));
        self.last_run.get_or_create(&labels).set(status.last_run.map_or(0, |at| at.timestamp()));
    }
}

/// A background task and its status. Clones share them.
#[derive(Clone)]
pub struct Scheduled {
    reconciler: Arc<dyn Reconciler>,
    tracker: Arc<Tracker>,
    metrics: Metrics,
}

impl Scheduled {
    #[must_use]
    pub fn new(reconciler: Arc<dyn Reconciler>, clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        let tracker = Arc::new(Tracker::new(reconciler.name(), clock));
        Self { reconciler, tracker, metrics }
    }

    #[must_use]
    pub fn status(&self) -> ReconcilerStatus {
        self.tracker.status()
    }

    /// Runs the task until dropped.
    pub async fn run(self) {
        if !self.reconciler.is_urgent() {
            self.pause().await;
        }
        loop {
            let name = self.reconciler.name();
            let error = self.reconciler.run(&self.tracker).await.err().map(|error| format!("{error:#}"));
            if let Some(error) = &error {
                warn!(reconciler = name, error, "a background task could not finish: it tries again later");
            }
            self.tracker.ended(error);
            self.metrics.ended(name, &self.status());
            self.pause().await;
        }
    }

    /// Random, so that many processes don't run at the same moment.
    async fn pause(&self) {
        let interval: Duration = self.reconciler.interval();
        tokio::time::sleep(interval.mul_f64(0.5 + rand::random::<f64>())).await;
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ruche_schemas::clock::{self, Clock};

    use super::*;

    struct Flaky;

    #[async_trait]
    impl Reconciler for Flaky {
        fn name(&self) -> &'static str {
            "flaky"
        }

        fn interval(&self) -> Duration {
            Duration::from_secs(60)
        }

        async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
            anyhow::ensure!(tracker.status().runs > 0, "the first pass fails");
            tracker.changed(2);
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_pass_shows_and_the_next_one_clears_it() {
        let clock = Arc::new(clock::Manual::new(clock::now()));
        let scheduled = Scheduled::new(Arc::new(Flaky), clock.clone(), Metrics::default());
        let running = tokio::spawn(scheduled.clone().run());
        let mut seen = Vec::new();
        for runs in 1..=2 {
            while scheduled.status().runs < runs {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            seen.push(scheduled.status());
        }
        running.abort();
        let [failed, well] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((failed.last_error.as_deref(), failed.changes), (Some("the first pass fails"), 0));
        assert_eq!((&well.last_error, well.changes, well.last_run), (&None, 2, Some(clock.now())));
    }
}
