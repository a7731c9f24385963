//! Runs jobs: pulls as many as there are free slots, and settles each only after its outcome is stored.
//!
//! It knows no kind. What can happen to a job is in [`attempt`]; the only place that acks, naks or terminates is
//! [`settle`], so commit-before-ack can be checked by reading one function.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ruche_bus::{Bus, Deliveries, Delivery, Unavailable, objects::Claims};
use ruche_schemas::{Kind, Lane};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{ports::ledger::Ledger, registry::AnyHandler};

mod admission;
pub(crate) mod attempt;
mod cancellations;
mod caps;
mod claims;
mod context;
mod documents;
mod event_log;
pub(crate) mod follow_ups;
mod groups;
mod heartbeat;
mod listen;
mod metrics;
mod pauses;
mod registration;
mod retry;
mod settle;

pub use context::{Context, JobError};
pub use event_log::{EventLog, LogError};
pub use metrics::Metrics;
pub use retry::Patience;

pub(crate) use attempt::Scope;
pub(crate) use context::{Kept, write as write_reports};
pub(crate) use documents::Documents;

/// What a runtime is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where jobs come from and events go.
    pub bus: Arc<dyn Bus>,
    /// Where outcomes are kept.
    pub ledger: Arc<dyn Ledger>,
    /// What is too large for a message, or for a row.
    pub claims: Claims,
    /// What does the work.
    pub handler: Arc<dyn AnyHandler>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where signs of life are sent from: a runtime of its own, so that busy handlers can't silence them.
    pub pulse: Handle,
    /// The version of each kind's schema, for the jobs that flows start.
    pub versions: Arc<BTreeMap<Kind, u16>>,
}

/// The kinds that this build knows, each with the version of its schema.
#[must_use]
pub fn versions() -> Arc<BTreeMap<Kind, u16>> {
    Arc::new(ruche_schemas::kinds::all().into_iter().map(|known| (known.kind, known.version)).collect())
}

/// How a runtime behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name, unique among workers: host and process.
    pub name: String,
    /// Jobs at once.
    pub slots: NonZeroUsize,
    /// How many of these only interactive jobs may take, so that long ones of other lanes never have all.
    pub reserved: usize,
    /// The bus's patience with a silent worker: signs of life come three times as often.
    pub ack_wait: Duration,
    /// How long running jobs may take to end once it is told to stop.
    pub drain: Duration,
    /// How many of a tenant's jobs of this kind may run at once, on all workers together; 0: as many as there are.
    /// For tenants without a cap of their own.
    pub in_flight: u32,
    /// How long an attempt waits for an object store that is away.
    pub store_patience: Duration,
    /// Its machine.
    pub host: String,
    /// What its operator says of it.
    pub labels: BTreeMap<String, String>,
    /// A first attempt that ends sooner, and reports nothing, is not said to have started; zero: each is.
    pub quiet: Duration,
}

/// See [`Options::quiet`]: less than what a person sees, more than what a quick job takes.
const QUIET: Duration = Duration::from_millis(10);

impl Default for Options {
    fn default() -> Self {
        let (slots, half_a_minute) = (NonZeroUsize::MIN, Duration::from_secs(30));
        Self {
            name: "worker".to_owned(),
            slots,
            reserved: 0,
            ack_wait: half_a_minute,
            drain: half_a_minute,
            in_flight: 0,
            store_patience: claims::AWAY,
            host: String::new(),
            labels: BTreeMap::new(),
            quiet: QUIET,
        }
    }
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
    ends: follow_ups::Ends,
    metrics: metrics::KindMetrics,
    options: Options,
    running: cancellations::Running,
    held: watch::Sender<pauses::Held>,
    pulses: Arc<heartbeat::Pulses>,
    caps: watch::Sender<caps::Known>,
    /// Room for large bodies.
    large: Semaphore,
    /// How many jobs run.
    in_flight: AtomicU32,
    /// How many of them are not interactive.
    others: AtomicUsize,
    /// How many jobs have ended here, per lane.
    ended: [AtomicU64; Lane::ALL.len()],
    /// This worker's state has changed.
    changed: Notify,
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
    let (bus, ledger, versions) = (parts.bus.clone(), parts.ledger.clone(), parts.versions.clone());
    let pulses = heartbeat::Pulses::start(&parts.pulse, options.ack_wait);
    let shared = Arc::new(Shared {
        pulses,
        ends: follow_ups::Ends { bus, ledger, claims: parts.claims.clone(), versions },
        parts,
        metrics,
        options,
        running: cancellations::Running::default(),
        held: watch::Sender::default(),
        caps: watch::Sender::default(),
        large: Semaphore::new(claims::LARGE),
        in_flight: AtomicU32::new(0),
        others: AtomicUsize::new(0),
        ended: Default::default(),
        changed: Notify::new(),
        shutdown,
    });
    let helpers = TaskTracker::new();
    helpers.spawn(cancellations::listen(shared.clone()));
    helpers.spawn(pauses::listen(shared.clone()));
    helpers.spawn(caps::listen(shared.clone()));
    helpers.spawn(registration::announce(shared.clone()));
    let jobs = TaskTracker::new();
    let pull = Pull {
        slots: Arc::new(Semaphore::new(shared.options.slots.get())),
        freed: Arc::new(Notify::new()),
        held: shared.held.subscribe(),
        shared: shared.clone(),
        jobs: jobs.clone(),
        kind,
    };
    pull.run(deliveries).await;
    drain(&shared, &jobs).await;
    helpers.close();
    helpers.wait().await;
    shared.parts.bus.flush().await
}

/// What pulls jobs and starts them.
struct Pull {
    shared: Arc<Shared>,
    kind: Kind,
    slots: Arc<Semaphore>,
    freed: Arc<Notify>,
    held: watch::Receiver<pauses::Held>,
    jobs: TaskTracker,
}

impl Pull {
    /// Until told to stop.
    async fn run(mut self, deliveries: Box<dyn Deliveries>) {
        let stop = self.shared.shutdown.drain.clone();
        let mut caps = self.shared.caps.subscribe();
        tokio::select! {
            _ = async { tokio::join!(pauses::first(&mut self.held), caps::first(&mut caps)) } => {}
            () = stop.cancelled() => {}
        }
        info!(job.kind = %self.kind, slots = self.shared.options.slots, "ready for jobs");
        let mut open = Some(deliveries);
        while !stop.is_cancelled() {
            let stops = self.held.borrow_and_update().stops(&self.kind, &self.shared.options.name);
            if stops {
                // What has arrived goes to others at once.
                if let Some(deliveries) = open.take() {
                    deliveries.close().await;
                }
                tokio::select! {
                    _ = self.held.changed() => continue,
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
        let mut patience = Patience::endless();
        loop {
            match self.shared.parts.bus.consume(&self.kind).await {
                Ok(deliveries) => return deliveries,
                Err(error) => warn!(%error, "the queue can't be opened: trying again"),
            }
            let _ = patience.wait().await;
        }
    }

    /// Takes as many jobs as there are free slots, or waits until something changes.
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
            // What has arrived while a slot was freed comes with the next call.
            batch = deliveries.next(free) => batch,
            () = self.freed.notified() => return,
            _ = self.held.changed() => return self.held.mark_changed(),
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
