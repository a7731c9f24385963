//! Runs jobs: pulls as many as there are free slots, and settles each only after its outcome is stored.
//!
//! It knows no kind. What can happen to a job is in [`attempt`]; the only place that acks, naks or terminates is
//! [`settle`], so commit-before-ack can be checked by reading one function.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use ruche_bus::{Bus, Deliveries, PRESENCE, Presence, Unavailable};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{ports::ledger::Ledger, registry::AnyHandler};

mod attempt;
mod cancel;
mod context;
mod extend;
mod log;
mod metrics;
mod patience;
mod settle;

pub use context::{Context, JobError};
pub use log::{EventLog, LogError};
pub use metrics::Metrics;
pub use patience::Patience;

pub(crate) use attempt::Scope;
pub(crate) use context::write as write_reports;

/// What a runtime is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where jobs come from and events go.
    pub bus: Arc<dyn Bus>,
    /// Where outcomes are kept.
    pub ledger: Arc<dyn Ledger>,
    /// What does the work.
    pub handler: Arc<dyn AnyHandler>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where signs of life are sent from: a runtime of its own, so that busy handlers can't silence them.
    pub pulse: Handle,
}

/// How a runtime behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name, unique among workers: host and process.
    pub name: String,
    /// Jobs at once.
    pub slots: NonZeroUsize,
    /// The bus's patience with a silent worker: signs of life come three times as often.
    pub ack_wait: Duration,
    /// How long running jobs may take to end once it is told to stop.
    pub drain: Duration,
}

/// Tells a runtime to stop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, end what runs.
    drain: CancellationToken,
    /// Hand back what runs, now.
    leave: CancellationToken,
}

impl Shutdown {
    /// Take nothing new, end what runs, then stop. Called again: hand back what runs and stop now.
    pub fn request(&self) {
        if self.drain.is_cancelled() {
            self.leave.cancel();
        }
        self.drain.cancel();
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.drain.is_cancelled()
    }
}

struct Shared {
    parts: Parts,
    metrics: metrics::KindMetrics,
    options: Options,
    running: cancel::Running,
    shutdown: Shutdown,
}

/// Works on jobs of one kind until it is told to stop.
///
/// # Errors
/// When the bus can't be reached at the start; later it is waited for.
pub async fn run(parts: Parts, options: Options, shutdown: Shutdown) -> Result<(), Unavailable> {
    let kind = parts.handler.kind();
    let deliveries = parts.bus.consume(&kind).await?;
    let metrics = parts.metrics.of(&kind, options.slots.get());
    let shared = Arc::new(Shared { parts, metrics, options, running: cancel::Running::default(), shutdown });
    let helpers = TaskTracker::new();
    helpers.spawn(cancel::listen(shared.clone()));
    helpers.spawn(announce(shared.clone()));
    info!(job.kind = %kind, slots = shared.options.slots, "ready for jobs");
    let jobs = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(shared.options.slots.get()));
    pull(&shared, deliveries, &slots, &jobs).await;
    drain(&shared, &jobs).await;
    helpers.close();
    helpers.wait().await;
    shared.parts.bus.flush().await
}

/// Pulls and starts jobs until told to stop.
async fn pull(shared: &Arc<Shared>, mut deliveries: Box<dyn Deliveries>, slots: &Arc<Semaphore>, jobs: &TaskTracker) {
    let freed = Arc::new(Notify::new());
    let stop = shared.shutdown.drain.clone();
    loop {
        let Some(free) = NonZeroUsize::new(slots.available_permits()) else {
            tokio::select! {
                () = freed.notified() => continue,
                () = stop.cancelled() => break,
            }
        };
        let batch = tokio::select! {
            // What has arrived while a slot was freed comes with the next call.
            batch = deliveries.next(free) => batch,
            () = freed.notified() => continue,
            () = stop.cancelled() => break,
        };
        for delivery in batch {
            let Ok(slot) = slots.clone().try_acquire_owned() else {
                warn!(job.id = %delivery.job.id, "the bus handed out more jobs than were asked for");
                let _ = delivery.retry(Duration::ZERO).await;
                continue;
            };
            let (shared, freed) = (shared.clone(), freed.clone());
            jobs.spawn(async move {
                settle::settle(&shared, delivery).await;
                drop(slot);
                freed.notify_one();
            });
        }
    }
    deliveries.close().await;
}

/// Waits for running jobs; hands back what has not ended in time.
async fn drain(shared: &Shared, jobs: &TaskTracker) {
    jobs.close();
    if !jobs.is_empty() {
        info!(jobs = jobs.len(), seconds = shared.options.drain.as_secs(), "draining: waiting for running jobs");
    }
    tokio::select! {
        () = jobs.wait() => return,
        () = tokio::time::sleep(shared.options.drain) => shared.shutdown.leave.cancel(),
        () = shared.shutdown.leave.cancelled() => {}
    }
    warn!(jobs = jobs.len(), "leaving: running jobs go back to the queue");
    jobs.wait().await;
}

/// Announces this worker until it stops, then takes the announcement back.
async fn announce(shared: Arc<Shared>) {
    let presence = Presence {
        kind: shared.parts.handler.kind(),
        worker: shared.options.name.clone(),
        host: String::new(),
        labels: Default::default(),
        gpu: None,
        in_flight: 0,
        state: Default::default(),
        models: shared.parts.handler.models(),
        slots: u32::try_from(shared.options.slots.get()).unwrap_or(u32::MAX),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: chrono::Utc::now(),
    };
    let mut next = tokio::time::interval_at(Instant::now(), PRESENCE / 3);
    loop {
        tokio::select! {
            _ = next.tick() => {}
            () = shared.shutdown.drain.cancelled() => break,
        }
        if let Err(error) = shared.parts.bus.announce(&presence).await {
            warn!(%error, "could not announce this worker");
        }
    }
    if let Err(error) = shared.parts.bus.retire(&presence).await {
        warn!(%error, "could not take back this worker's announcement");
    }
}
