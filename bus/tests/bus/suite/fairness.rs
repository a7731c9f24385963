//! Fairness between lanes and tenants, counted in delivered jobs, never in time.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use ruche_bus::{Bus, Deliveries, Delivery};
use ruche_schemas::{JobId, JobRef, Lane, TenantId};

use super::{message, queue, slots, tenant};

const AT_ONCE: usize = 256;

/// Tenants in different shards of the lane `bulk`.
pub(crate) fn tenants_in_shards() -> [TenantId; 2] {
    let [one, other] = ["acme", "globex"].map(tenant);
    assert_ne!(Lane::Bulk.shard(&one), Lane::Bulk.shard(&other));
    [one, other]
}

pub(crate) async fn flood(bus: &dyn Bus, tenant: &TenantId, lane: Lane, count: usize) {
    let jobs = stream::iter(0..count).map(|_| async {
        let job = JobRef { tenant: tenant.clone(), id: JobId::generate() };
        bus.publish(message(&job, lane)).await
    });
    jobs.buffer_unordered(AT_ONCE).try_for_each(async |_| Ok(())).await.expect("receipts");
}

/// Workers that keep their jobs until the test continues.
pub(crate) struct Fleet {
    workers: Vec<(Box<dyn Deliveries>, Vec<Delivery>)>,
    slots: usize,
}

impl Fleet {
    pub(crate) async fn new(bus: &dyn Bus, workers: usize, slots: usize) -> Self {
        let mut fleet = Self { workers: Vec::new(), slots };
        for _ in 0..workers {
            fleet.workers.push((queue(bus).await, Vec::new()));
        }
        fleet
    }

    fn size(&self) -> usize {
        self.workers.len() * self.slots
    }

    /// Gives each slot a job.
    async fn fill(&mut self) {
        for (queue, held) in &mut self.workers {
            while held.len() < self.slots {
                held.extend(queue.next(slots(self.slots - held.len())).await);
            }
        }
    }

    /// Each worker in turn finishes a job if it has no free slot, and takes new ones; at least `count` jobs in all.
    pub(crate) async fn work(&mut self, count: usize) -> Vec<(TenantId, Lane)> {
        let mut handed = Vec::new();
        while handed.len() < count {
            for (queue, held) in &mut self.workers {
                if held.len() == self.slots {
                    held.remove(0).done().await.expect("a confirmation");
                }
                let taken = queue.next(slots(self.slots - held.len())).await;
                handed.extend(taken.iter().map(|delivery| (delivery.job.tenant.clone(), delivery.lane)));
                held.extend(taken);
            }
        }
        handed
    }

    async fn end(self) {
        for (queue, held) in self.workers {
            for delivery in held {
                delivery.done().await.expect("a confirmation");
            }
            queue.close().await;
        }
    }

    /// Works until a job of this tenant and lane comes; returns how many others came before.
    pub(crate) async fn others_before(&mut self, tenant: &TenantId, lane: Lane) -> usize {
        let mut others = 0;
        loop {
            let handed = self.work(1).await;
            match handed.iter().position(|(whose, which)| (whose, *which) == (tenant, lane)) {
                Some(before) => return others + before,
                None => others += handed.len(),
            }
        }
    }
}

fn counted<T: Ord>(handed: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    handed.into_iter().for_each(|what| *counts.entry(what).or_default() += 1);
    counts
}

/// The fleets that a promise is checked with: workers, and slots of each.
const FLEETS: [(usize, usize); 4] = [(1, 1), (1, 8), (3, 1), (2, 4)];

/// How often each fleet is tried.
const TRIES: usize = 10;

/// Publishes a job, and counts how many of the flood are delivered before it.
async fn delay(bus: &dyn Bus, fleet: &mut Fleet, tenant: &TenantId, lane: Lane) -> usize {
    let waiting = async || {
        let depths = bus.depth().await.expect("depth");
        depths.iter().find(|depth| depth.lane == lane).map_or(0, |depth| depth.waiting)
    };
    let before = waiting().await;
    flood(bus, tenant, lane, 1).await;
    while waiting().await == before {}
    fleet.others_before(tenant, lane).await
}

/// Bounds how long a flood of this many jobs delays another tenant's bulk job and an interactive one.
pub(crate) async fn delays(bus: &dyn Bus, flooded: usize) {
    let [acme, globex] = tenants_in_shards();
    flood(bus, &acme, Lane::Bulk, flooded).await;
    for (workers, slots) in FLEETS {
        let mut fleet = Fleet::new(bus, workers, slots).await;
        fleet.fill().await;
        // An interactive job is the next one; each other worker may have had a request under way.
        for (lane, most) in [(Lane::Bulk, 2 * fleet.size()), (Lane::Interactive, workers - 1)] {
            let mut seen = Vec::new();
            for _ in 0..TRIES {
                seen.push(delay(bus, &mut fleet, &globex, lane).await);
            }
            // On a busy machine an answer of the server may be late once.
            let over = seen.iter().filter(|before| **before > most).count();
            assert!(
                over <= 1,
                "{seen:?} of the flood came before {lane} jobs, with {workers} workers of {slots} slots"
            );
        }
        fleet.end().await;
    }
}

pub(crate) async fn a_flood_of_bulk_jobs_delays_other_jobs_by_a_bounded_number(bus: &dyn Bus) {
    delays(bus, 1500).await;
}

pub(crate) async fn two_tenants_that_flood_different_shards_are_served_alike(bus: &dyn Bus) {
    let tenants = tenants_in_shards();
    for (workers, slots) in [(1, 1), (2, 4)] {
        for tenant in &tenants {
            flood(bus, tenant, Lane::Bulk, 700).await;
        }
        let mut fleet = Fleet::new(bus, workers, slots).await;
        let mut handed = fleet.work(1000).await;
        handed.truncate(1000);
        let counts = counted(handed.into_iter().map(|(tenant, _)| tenant));
        assert!(tenants.iter().all(|tenant| (477..=523).contains(&counts[tenant])), "{counts:?}");
        fleet.end().await;
    }
}

pub(crate) async fn a_flood_of_interactive_jobs_leaves_the_other_lanes_their_share(bus: &dyn Bus) {
    let tenant = tenant("acme");
    for (workers, slots) in [(1, 1), (2, 4)] {
        for (lane, count) in [(Lane::Interactive, 600), (Lane::Normal, 250), (Lane::Bulk, 100)] {
            flood(bus, &tenant, lane, count).await;
        }
        let mut fleet = Fleet::new(bus, workers, slots).await;
        let counts = counted(fleet.work(480).await.into_iter().map(|(_, lane)| lane));
        for (lane, share) in [(Lane::Interactive, 8), (Lane::Normal, 3), (Lane::Bulk, 1)] {
            // 40 rounds of twelve; a few are under way when the count begins and ends.
            let expected = 40 * share;
            let count = counts[&lane];
            assert!(count.abs_diff(expected) <= 16, "{count} of {lane} instead of {expected}: {counts:?}");
        }
        fleet.end().await;
    }
}
