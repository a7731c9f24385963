//! What operators have paused.
//!
//! A paused kind, or a draining worker, takes no new jobs; a paused tenant's jobs are deferred. Running jobs go on in
//! each case.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use ruche_bus::{Bus, Pause};
use ruche_schemas::{Kind, TenantId};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::listen;

/// How long a starting worker waits for the list of pauses.
const FIRST: Duration = Duration::from_secs(2);
/// How long a paused tenant's job is deferred: half the known age of the pause, within these bounds.
const DEFERRAL: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

#[derive(Debug, Default)]
pub(super) struct Paused {
    known: bool,
    kinds: HashSet<Kind>,
    workers: HashSet<String>,
    /// When each pause was first seen.
    tenants: HashMap<TenantId, Instant>,
}

impl Paused {
    fn update(&mut self, all: Vec<Pause>) {
        let mut before = std::mem::take(&mut self.tenants);
        *self = Self { known: true, ..Self::default() };
        for hold in all {
            match hold {
                Pause::Kind(kind) => drop(self.kinds.insert(kind)),
                Pause::Worker(name) => drop(self.workers.insert(name)),
                Pause::Tenant(tenant) => {
                    let since = before.remove(&tenant).unwrap_or_else(Instant::now);
                    self.tenants.insert(tenant, since);
                }
            }
        }
    }

    pub(super) fn drains(&self, worker: &str) -> bool {
        self.workers.contains(worker)
    }

    /// Whether this worker may take no jobs of this kind.
    pub(super) fn stops(&self, kind: &Kind, worker: &str) -> bool {
        self.kinds.contains(kind) || self.drains(worker)
    }

    /// `None` if it is not paused.
    pub(super) fn deferral(&self, tenant: &TenantId) -> Option<Duration> {
        let since = self.tenants.get(tenant)?;
        // Jittered, so that the jobs of a resumed tenant don't all come at once.
        Some((since.elapsed() / 2).clamp(DEFERRAL.0, DEFERRAL.1).mul_f64(1.0 + rand::random::<f64>() / 4.0))
    }
}

/// Waits for the list of pauses, but not for long.
pub(super) async fn first(paused: &mut watch::Receiver<Paused>) {
    let known = timeout(FIRST, paused.wait_for(|paused| paused.known)).await;
    if known.is_err() {
        warn!("it is not known yet what is paused: taking jobs");
    }
}

/// Listens until `stop`; notifies `changed` of each change.
pub(super) async fn listen(
    bus: Arc<dyn Bus>,
    paused: watch::Sender<Paused>,
    changed: Arc<Notify>,
    stop: CancellationToken,
) {
    listen::until(stop, || listen_once(&*bus, &paused, &changed)).await;
}

async fn listen_once(bus: &dyn Bus, paused: &watch::Sender<Paused>, changed: &Notify) {
    let mut pauses = match bus.pauses().await {
        Ok(pauses) => pauses,
        Err(error) => return warn!(%error, "can't hear what is paused: trying again"),
    };
    while let Some(all) = pauses.next().await {
        info!(pauses = ?all, "what is paused");
        paused.send_modify(|paused| paused.update(all));
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paused_tenants_jobs_are_deferred_for_longer_and_longer_within_bounds() {
        let (mut paused, acme) = (Paused::default(), "acme".parse::<TenantId>().expect("a name"));
        assert_eq!(paused.deferral(&acme), None);
        paused.update(vec![Pause::Tenant(acme.clone())]);
        let first = paused.deferral(&acme).expect("paused");
        assert!(first >= DEFERRAL.0 && first < DEFERRAL.0 * 2, "{first:?}");
        tokio::time::advance(Duration::from_secs(600)).await;
        // Another pause does not affect this one.
        paused.update(vec![Pause::Tenant(acme.clone()), Pause::Kind(Kind::new("chat"))]);
        let later = paused.deferral(&acme).expect("paused");
        assert!(later >= DEFERRAL.1 && later < DEFERRAL.1 * 2, "{later:?}");
        paused.update(Vec::new());
        assert_eq!(paused.deferral(&acme), None);
    }

    #[test]
    fn a_kind_stops_all_its_workers_and_a_worker_itself_alone() {
        let (chat, other) = (Kind::new("chat"), Kind::new("other"));
        let mut paused = Paused::default();
        paused.update(vec![Pause::Kind(chat.clone()), Pause::Worker("a-1".to_owned())]);
        assert!(paused.stops(&chat, "b-2") && paused.stops(&other, "a-1") && !paused.stops(&other, "b-2"));
        assert!(paused.drains("a-1") && !paused.drains("b-2"));
    }
}
