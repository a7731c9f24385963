//! What operators hold up, as this worker knows it.
//!
//! A held kind, or a worker that is told to drain, takes nothing new; a held tenant's jobs are put aside when they
//! come, and come again after a while. What runs goes on in each case.

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

/// How long a worker waits at its start to hear what is held up.
const FIRST: Duration = Duration::from_secs(2);
/// How long a held tenant's job is put aside: half as long as the hold is known, within these bounds.
const ASIDE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// What is held up.
#[derive(Debug, Default)]
pub(super) struct Held {
    known: bool,
    kinds: HashSet<Kind>,
    workers: HashSet<String>,
    /// Since when we know.
    tenants: HashMap<TenantId, Instant>,
}

impl Held {
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

    /// Whether this worker was told to drain.
    pub(super) fn drains(&self, worker: &str) -> bool {
        self.workers.contains(worker)
    }

    /// Whether this worker may take no jobs of this kind.
    pub(super) fn stops(&self, kind: &Kind, worker: &str) -> bool {
        self.kinds.contains(kind) || self.drains(worker)
    }

    /// For how long a job of this tenant is to be put aside, if it is.
    pub(super) fn aside(&self, tenant: &TenantId) -> Option<Duration> {
        let since = self.tenants.get(tenant)?;
        // Spread, so that the jobs of a tenant that is resumed don't all come at one moment.
        Some((since.elapsed() / 2).clamp(ASIDE.0, ASIDE.1).mul_f64(1.0 + rand::random::<f64>() / 4.0))
    }
}

/// Waits until it is known what is held up, but not for long.
pub(super) async fn first(held: &mut watch::Receiver<Held>) {
    let known = timeout(FIRST, held.wait_for(|held| held.known)).await;
    if known.is_err() {
        warn!("it is not known yet what is held up: taking jobs");
    }
}

/// Listens until `stop`; notifies `changed` of each change.
pub(super) async fn listen(
    bus: Arc<dyn Bus>,
    held: watch::Sender<Held>,
    changed: Arc<Notify>,
    stop: CancellationToken,
) {
    listen::until(stop, || heed(&*bus, &held, &changed)).await;
}

async fn heed(bus: &dyn Bus, held: &watch::Sender<Held>, changed: &Notify) {
    let mut holds = match bus.pauses().await {
        Ok(holds) => holds,
        Err(error) => return warn!(%error, "can't hear what is held up: trying again"),
    };
    while let Some(all) = holds.next().await {
        info!(holds = ?all, "what is held up");
        held.send_modify(|held| held.update(all));
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_held_tenants_jobs_are_put_aside_for_longer_and_longer_within_bounds() {
        let (mut held, acme) = (Held::default(), "acme".parse::<TenantId>().expect("a name"));
        assert_eq!(held.aside(&acme), None);
        held.update(vec![Pause::Tenant(acme.clone())]);
        let first = held.aside(&acme).expect("held");
        assert!(first >= ASIDE.0 && first < ASIDE.0 * 2, "{first:?}");
        tokio::time::advance(Duration::from_secs(600)).await;
        // Another hold changes nothing about this one.
        held.update(vec![Pause::Tenant(acme.clone()), Pause::Kind(Kind::new("chat"))]);
        let later = held.aside(&acme).expect("held");
        assert!(later >= ASIDE.1 && later < ASIDE.1 * 2, "{later:?}");
        held.update(Vec::new());
        assert_eq!(held.aside(&acme), None);
    }

    #[test]
    fn a_kind_stops_all_its_workers_and_a_worker_itself_alone() {
        let (chat, other) = (Kind::new("chat"), Kind::new("other"));
        let mut held = Held::default();
        held.update(vec![Pause::Kind(chat.clone()), Pause::Worker("a-1".to_owned())]);
        assert!(held.stops(&chat, "b-2") && held.stops(&other, "a-1") && !held.stops(&other, "b-2"));
        assert!(held.drains("a-1") && !held.drains("b-2"));
    }
}
