//! Registers this worker with its status, for operators and gateways.
//!
//! A registration expires, and is renewed three times as often. A change of state is sent at once, a change of counts
//! at most once a second.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use ruche_bus::{REGISTRATION_RENEWAL, WorkerRegistration, WorkerState};
use ruche_schemas::Lane;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::shared::Shared;

/// The least time between two registrations that differ only in counts.
const COUNTS: Duration = Duration::from_secs(1);

/// Keeps this worker registered until it stops, then deregisters it.
pub(super) async fn register(shared: Arc<Shared>) {
    let since = shared.parts.clock.now();
    let mut sent: Option<(Instant, WorkerRegistration)> = None;
    loop {
        let current = registration(&shared, since);
        let now = Instant::now();
        let due = match &sent {
            None => now,
            Some((_, sent)) if sent.state != current.state => now,
            Some((at, sent)) if sent.in_flight != current.in_flight || sent.ended != current.ended => *at + COUNTS,
            Some((at, _)) => *at + REGISTRATION_RENEWAL,
        };
        if due > now {
            tokio::select! {
                () = shared.shutdown.drain.cancelled() => break,
                () = shared.changed.notified() => {}
                () = sleep_until(due.min(now + COUNTS)) => {}
            }
            continue;
        }
        if let Err(error) = shared.parts.bus.register(&current).await {
            warn!(%error, "could not register this worker");
        }
        sent = Some((Instant::now(), current));
    }
    if let Some((_, last)) = sent
        && let Err(error) = shared.parts.bus.deregister(&last).await
    {
        warn!(%error, "could not deregister this worker");
    }
}

fn registration(shared: &Shared, since: chrono::DateTime<chrono::Utc>) -> WorkerRegistration {
    let options = &shared.options;
    let state = match shared.paused.borrow().drains(&options.name) {
        true => WorkerState::Draining,
        false => WorkerState::Running,
    };
    WorkerRegistration {
        kind: shared.parts.handler.kind(),
        worker: options.name.clone(),
        host: options.host.clone(),
        labels: options.labels.clone(),
        gpu: shared.parts.handler.gpu(),
        models: shared.parts.handler.models(),
        pool: options.pool.clone(),
        slots: u32::try_from(options.slots.get()).unwrap_or(u32::MAX),
        in_flight: shared.in_flight.load(Ordering::Relaxed),
        ended: Lane::ALL.map(|lane| (lane, shared.ended[lane as usize].load(Ordering::Relaxed))).into(),
        reconcilers: (options.reconcilers)(),
        state,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since,
    }
}
