//! Takes jobs off the queue: as many as there are free slots, never more.

use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ruche_bus::{Bus, Deliveries, Delivery, Unavailable};
use ruche_schemas::{Kind, Lane};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{
    cancellations, caps,
    options::{Options, Parts},
    pauses, registration,
    retry::RETRY,
    settle,
    shared::Shared,
    shutdown::Shutdown,
};

/// Runs jobs of one kind until shutdown.
///
/// # Errors
/// When the bus can't be reached at the start; later it waits for the bus.
pub async fn run(parts: Parts, options: Options, shutdown: Shutdown) -> Result<(), Unavailable> {
    let kind = parts.handler.kind();
    let deliveries = open(parts.bus.as_ref(), &kind, options.pool.as_deref()).await?;
    let shared = Arc::new(Shared::new(parts, options, shutdown));
    let helpers = TaskTracker::new();
    let (bus, stop) = (&shared.parts.bus, &shared.shutdown.drain);
    helpers.spawn(cancellations::listen(bus.clone(), shared.running.clone(), stop.clone()));
    helpers.spawn(pauses::listen(bus.clone(), shared.paused.clone(), shared.changed.clone(), stop.clone()));
    helpers.spawn(caps::listen(bus.clone(), shared.caps.clone(), stop.clone()));
    helpers.spawn(registration::register(shared.clone()));
    let jobs = TaskTracker::new();
    let pull = Pull {
        slots: Arc::new(Semaphore::new(shared.options.slots.get())),
        freed: Arc::new(Notify::new()),
        paused: shared.paused.subscribe(),
        shared: shared.clone(),
        jobs: jobs.clone(),
        kind,
    };
    pull.run(deliveries).await;
    drain(&shared, &jobs).await;
    helpers.close();
    helpers.wait().await;
    // All jobs are settled: at worst the deregistration is not sent, and the registration expires.
    if let Err(error) = shared.parts.bus.flush().await {
        warn!(%error, "the last messages could not be flushed");
    }
    Ok(())
}

async fn open(bus: &dyn Bus, kind: &Kind, pool: Option<&str>) -> Result<Box<dyn Deliveries>, Unavailable> {
    match pool {
        Some(pool) => bus.consume_pool(kind, pool).await,
        None => bus.consume(kind).await,
    }
}

struct Pull {
    shared: Arc<Shared>,
    kind: Kind,
    slots: Arc<Semaphore>,
    freed: Arc<Notify>,
    paused: watch::Receiver<pauses::Paused>,
    jobs: TaskTracker,
}

impl Pull {
    async fn run(mut self, deliveries: Box<dyn Deliveries>) {
        let stop = self.shared.shutdown.drain.clone();
        let mut caps = self.shared.caps.subscribe();
        tokio::select! {
            _ = async { tokio::join!(pauses::first(&mut self.paused), caps::first(&mut caps)) } => {}
            () = stop.cancelled() => {}
        }
        info!(job.kind = %self.kind, slots = self.shared.options.slots, "ready for jobs");
        let mut open = Some(deliveries);
        while !stop.is_cancelled() {
            let stops = self.paused.borrow_and_update().stops(&self.kind, &self.shared.options.name);
            if stops {
                // Hand back to other workers what was pulled already.
                if let Some(deliveries) = open.take() {
                    deliveries.close().await;
                }
                tokio::select! {
                    _ = self.paused.changed() => continue,
                    () = stop.cancelled() => break,
                }
            }
            match &mut open {
                Some(deliveries) => self.step(deliveries, &stop).await,
                None => tokio::select! {
                    deliveries = self.open_again() => open = Some(deliveries),
                    () = stop.cancelled() => break,
                },
            }
        }
        if let Some(deliveries) = open {
            deliveries.close().await;
        }
    }

    async fn open_again(&self) -> Box<dyn Deliveries> {
        let mut retry = RETRY.delays();
        loop {
            match open(self.shared.parts.bus.as_ref(), &self.kind, self.shared.options.pool.as_deref()).await {
                Ok(deliveries) => return deliveries,
                Err(error) => warn!(%error, "the queue can't be opened: trying again"),
            }
            let _ = retry.wait().await;
        }
    }

    /// Takes as many jobs as there are free slots, or waits for a change.
    async fn step(&mut self, deliveries: &mut Box<dyn Deliveries>, stop: &CancellationToken) {
        let Some(free) = NonZeroUsize::new(self.slots.available_permits()) else {
            return tokio::select! {
                () = self.freed.notified() => {}
                () = stop.cancelled() => {}
            };
        };
        let options = &self.shared.options;
        let most = options.slots.get().saturating_sub(options.reserved);
        let open = most.saturating_sub(self.shared.others.load(Ordering::Relaxed));
        deliveries.reserve(free.get().saturating_sub(open));
        let batch = tokio::select! {
            // What arrives while a slot is freed comes with the next call.
            batch = deliveries.next(free) => batch,
            () = self.freed.notified() => return,
            _ = self.paused.changed() => return self.paused.mark_changed(),
            () = stop.cancelled() => return,
        };
        for delivery in batch {
            self.begin(delivery).await;
        }
    }

    async fn begin(&self, delivery: Delivery) {
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            warn!(job.id = %delivery.job.id, "the bus handed out more jobs than were asked for");
            let _ = delivery.retry(Duration::ZERO).await;
            return;
        };
        let (shared, freed) = (self.shared.clone(), self.freed.clone());
        let other = usize::from(delivery.lane != Lane::Interactive);
        shared.in_flight.fetch_add(1, Ordering::Relaxed);
        shared.others.fetch_add(other, Ordering::Relaxed);
        self.jobs.spawn(async move {
            settle::settle(&shared, delivery).await;
            shared.in_flight.fetch_sub(1, Ordering::Relaxed);
            shared.others.fetch_sub(other, Ordering::Relaxed);
            drop(slot);
            freed.notify_one();
        });
    }
}

/// Waits for running jobs; hands back those that do not end in time.
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
