//! Exports the queues to Prometheus. Nothing else polls them, since reading costs the server.

use std::{sync::Arc, time::Instant};

use ruche_bus::Bus;
use tokio_util::sync::CancellationToken;

use super::throughput::Throughput;
use crate::{
    http::{limits, metrics::Metrics},
    jobs::{aliases::Aliases, kinds::Kinds},
};

pub struct QueueExport {
    pub bus: Arc<dyn Bus>,
    pub kinds: Arc<Kinds>,
    pub metrics: Arc<Metrics>,
    pub throughput: Arc<Throughput>,
    /// Looked at with the workers, which are here in any case.
    pub aliases: Aliases,
}

impl QueueExport {
    /// Runs until the gateway stops.
    pub async fn run(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(limits::DEPTH_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match tokio::try_join!(self.bus.depth(), self.bus.workers()) {
                Ok((depths, workers)) => {
                    self.metrics.depth(&depths);
                    self.metrics.slots(self.kinds.all(), &workers);
                    let has = |name: &str| workers.iter().any(|worker| worker.models.iter().any(|model| model == name));
                    self.aliases.warn_of_hidden(has);
                    self.throughput.note(&workers, Instant::now());
                }
                Err(error) => tracing::debug!(error.message = %error, "the queues could not be read"),
            }
        }
    }
}
