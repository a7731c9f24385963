//! Says that this worker is there, and what it does.
//!
//! A third of the time that an announcement lasts may pass between two; a change of state is said at once, one of the
//! numbers of jobs at most once a second.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use ruche_bus::{REGISTRATION_TTL, WorkerRegistration, WorkerState};
use ruche_schemas::Lane;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::shared::Shared;

/// The least time between two announcements that differ in their counts alone.
const COUNTS: Duration = Duration::from_secs(1);

/// Announces this worker until it stops, then takes the announcement back.
pub(super) async fn announce(shared: Arc<Shared>) {
    let since = shared.parts.clock.now();
    let mut said: Option<(Instant, WorkerRegistration)> = None;
    loop {
        let presence = presence(&shared, since);
        let now = Instant::now();
        let due = match &said {
            None => now,
            Some((_, said)) if said.state != presence.state => now,
            Some((at, said)) if said.in_flight != presence.in_flight || said.ended != presence.ended => *at + COUNTS,
            Some((at, _)) => *at + REGISTRATION_TTL / 3,
        };
        if due > now {
            tokio::select! {
                () = shared.shutdown.drain.cancelled() => break,
                () = shared.changed.notified() => {}
                () = sleep_until(due.min(now + COUNTS)) => {}
            }
            continue;
        }
        if let Err(error) = shared.parts.bus.register(&presence).await {
            warn!(%error, "could not announce this worker");
        }
        said = Some((Instant::now(), presence));
    }
    if let Some((_, presence)) = said
        && let Err(error) = shared.parts.bus.deregister(&presence).await
    {
        warn!(%error, "could not take back this worker's announcement");
    }
}

fn presence(shared: &Shared, since: chrono::DateTime<chrono::Utc>) -> WorkerRegistration {
    let options = &shared.options;
    let state = match shared.held.borrow().drains(&options.name) {
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
        slots: u32::try_from(options.slots.get()).unwrap_or(u32::MAX),
        in_flight: shared.in_flight.load(Ordering::Relaxed),
        ended: Lane::ALL.map(|lane| (lane, shared.ended[lane as usize].load(Ordering::Relaxed))).into(),
        reconcilers: (options.reconcilers)(),
        state,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since,
    }
}
