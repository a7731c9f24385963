//! What the tasks of one runtime share.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, AtomicUsize},
};

use ruche_schemas::Lane;
use tokio::sync::{Notify, Semaphore, watch};

use super::{
    cancellations::Running,
    caps,
    claims::LARGE,
    follow_ups::FollowUps,
    heartbeat::Heartbeats,
    metrics::KindMetrics,
    options::{Options, Parts},
    pauses::Paused,
    shutdown::Shutdown,
};

pub(super) struct Shared {
    pub(super) parts: Parts,
    pub(super) follow_ups: FollowUps,
    pub(super) metrics: KindMetrics,
    pub(super) options: Options,
    pub(super) running: Arc<Running>,
    pub(super) paused: watch::Sender<Paused>,
    pub(super) heartbeats: Arc<Heartbeats>,
    pub(super) caps: watch::Sender<caps::Caps>,
    pub(super) large: Semaphore,
    pub(super) in_flight: AtomicU32,
    /// Running jobs that are not interactive.
    pub(super) others: AtomicUsize,
    /// Jobs that have ended here, per lane.
    pub(super) ended: [AtomicU64; Lane::ALL.len()],
    /// Notified when this worker's state changes.
    pub(super) changed: Arc<Notify>,
    pub(super) shutdown: Shutdown,
}

impl Shared {
    pub(super) fn new(parts: Parts, options: Options, shutdown: Shutdown) -> Self {
        let metrics = parts.metrics.of(&parts.handler.kind(), options.slots.get());
        Self {
            heartbeats: Heartbeats::start(&parts.heartbeats, options.ack_wait),
            follow_ups: FollowUps {
                bus: Arc::clone(&parts.bus),
                ledger: Arc::clone(&parts.ledger),
                claims: parts.claims.clone(),
                clock: Arc::clone(&parts.clock),
                versions: Arc::clone(&parts.versions),
            },
            running: Arc::new(Running::new(Arc::clone(&parts.clock))),
            parts,
            metrics,
            options,
            paused: watch::Sender::default(),
            caps: watch::Sender::default(),
            large: Semaphore::new(LARGE),
            in_flight: AtomicU32::new(0),
            others: AtomicUsize::new(0),
            ended: Default::default(),
            changed: Arc::new(Notify::new()),
            shutdown,
        }
    }
}
