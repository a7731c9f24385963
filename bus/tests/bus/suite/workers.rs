//! The deliveries of one worker: as many as it has slots, from every lane.

use std::{collections::HashSet, time::Duration};

use ruche_bus::{Bus, Deliveries};
use ruche_schemas::{JobRef, Lane};

use super::{job, message, next, nothing_comes, publish, queue, slots};

async fn publish_many(bus: &dyn Bus, lane: Lane, count: usize) -> HashSet<JobRef> {
    let jobs: Vec<_> = (0..count).map(|_| job()).collect();
    let sending = jobs.iter().map(|job| bus.publish(message(job, lane)));
    futures::future::try_join_all(sending).await.expect("receipts");
    jobs.into_iter().collect()
}

pub(crate) async fn no_more_than_free_jobs_are_taken(bus: &dyn Bus) {
    publish_many(bus, Lane::Normal, 20).await;
    publish_many(bus, Lane::Interactive, 20).await;
    let mut queue = queue(bus).await;
    let mut held = Vec::new();
    while held.len() < 5 {
        let free = 5 - held.len();
        let taken = queue.next(slots(free)).await;
        assert!(!taken.is_empty() && taken.len() <= free, "{} of {free}", taken.len());
        held.extend(taken);
    }
    let taken: u64 = bus.depth().await.expect("depth").iter().map(|depth| depth.in_flight).sum();
    assert_eq!(taken, 5, "no job is on its way to a worker that is full");
}

pub(crate) async fn a_wait_that_is_dropped_loses_nothing(bus: &dyn Bus) {
    let mut queue = queue(bus).await;
    let mut expected = HashSet::new();
    let mut seen = HashSet::new();
    for round in 0..50_u64 {
        // Dropped at a different moment each time: before, while and after the job arrives.
        let _ = tokio::time::timeout(Duration::from_micros(round * 50), async {
            let taken = queue.next(slots(4)).await;
            seen.extend(taken.iter().map(|delivery| (delivery.job.clone(), delivery.attempt)));
            futures::future::join_all(taken.into_iter().map(ruche_bus::Delivery::done)).await;
        })
        .await;
        expected.insert(publish(bus, Lane::ALL[(round % 3) as usize]).await);
    }
    while seen.len() < expected.len() {
        for delivery in queue.next(slots(4)).await {
            seen.insert((delivery.job.clone(), delivery.attempt));
            delivery.done().await.expect("a confirmation");
        }
    }
    assert!(seen.iter().all(|(_, attempt)| *attempt == 1), "none was lost and handed out again");
    assert_eq!(seen.into_iter().map(|(job, _)| job).collect::<HashSet<_>>(), expected);
}

pub(crate) async fn a_queue_that_is_closed_hands_back_what_it_held(bus: &dyn Bus) {
    let mut first = queue(bus).await;
    let mut second = queue(bus).await;
    // It pulls jobs, and is closed while they arrive.
    let _ = tokio::time::timeout(Duration::from_millis(20), first.next(slots(8))).await;
    let expected = publish_many(bus, Lane::Normal, 4).await;
    first.close().await;
    let mut seen = HashSet::new();
    while seen.len() < 4 {
        for delivery in second.next(slots(4)).await {
            seen.insert(delivery.job.clone());
            delivery.done().await.expect("a confirmation");
        }
    }
    assert_eq!(seen, expected);
}

pub(crate) async fn two_workers_share_a_queue(bus: &dyn Bus) {
    let expected = publish_many(bus, Lane::Normal, 200).await;
    let (mut first, mut second) = (queue(bus).await, queue(bus).await);
    let mut seen = HashSet::new();
    while seen.len() < expected.len() {
        let taken = tokio::select! {
            taken = first.next(slots(10)) => taken,
            taken = second.next(slots(10)) => taken,
        };
        for delivery in taken {
            assert!(seen.insert(delivery.job.clone()), "handed out twice: {delivery:?}");
            delivery.done().await.expect("a confirmation");
        }
    }
    assert_eq!(seen, expected);
}

pub(crate) async fn many_jobs_are_each_handed_out_once(bus: &dyn Bus) {
    let mut expected = HashSet::new();
    for lane in Lane::ALL {
        expected.extend(publish_many(bus, lane, 900).await);
    }
    let mut queue = queue(bus).await;
    let mut seen = HashSet::new();
    while seen.len() < expected.len() {
        let taken = queue.next(slots(500)).await;
        for delivery in &taken {
            assert!(seen.insert(delivery.job.clone()), "handed out twice: {delivery:?}");
        }
        for done in futures::future::join_all(taken.into_iter().map(ruche_bus::Delivery::done)).await {
            done.expect("a confirmation");
        }
    }
    assert_eq!(seen, expected);
    nothing_comes(&mut queue, Duration::from_millis(300)).await;
}

async fn order(queue: &mut Box<dyn Deliveries>, count: usize) -> Vec<Lane> {
    let mut lanes = Vec::new();
    while lanes.len() < count {
        let delivery = next(queue).await;
        lanes.push(delivery.lane);
        delivery.done().await.expect("a confirmation");
    }
    lanes
}

pub(crate) async fn interactive_comes_first_but_bulk_is_not_starved(bus: &dyn Bus) {
    publish_many(bus, Lane::Bulk, 60).await;
    publish_many(bus, Lane::Interactive, 60).await;
    let lanes = order(&mut queue(bus).await, 40).await;
    let bulk = lanes.iter().filter(|lane| **lane == Lane::Bulk).count();
    assert!((2..=15).contains(&bulk), "{bulk} of 40 were bulk: {lanes:?}");
}

pub(crate) async fn an_idle_worker_hears_every_lane(bus: &dyn Bus) {
    for free in [1, 2, 8, 100] {
        let mut queue = queue(bus).await;
        for lane in Lane::ALL.into_iter().rev().chain(Lane::ALL) {
            let job = publish(bus, lane).await;
            let delivery = queue.next(slots(free)).await.remove(0);
            assert_eq!((&delivery.job, delivery.lane), (&job, lane));
            delivery.done().await.expect("a confirmation");
        }
        queue.close().await;
    }
}

pub(crate) async fn slots_that_are_reserved_take_interactive_jobs_only(bus: &dyn Bus) {
    let mut queue = queue(bus).await;
    queue.reserve(2);
    publish_many(bus, Lane::Normal, 5).await;
    publish_many(bus, Lane::Bulk, 5).await;
    let taken = queue.next(slots(3)).await;
    assert_eq!(taken.iter().filter(|delivery| delivery.lane != Lane::Interactive).count(), 1);
    // Two are free, and both are reserved.
    let urgent = publish_many(bus, Lane::Interactive, 2).await;
    let mut held = Vec::new();
    while held.len() < 2 {
        held.extend(queue.next(slots(2 - held.len())).await);
    }
    assert_eq!(held.iter().map(|delivery| delivery.job.clone()).collect::<HashSet<_>>(), urgent);
    queue.reserve(0);
    let others = queue.next(slots(2)).await;
    assert!(others.iter().all(|delivery| delivery.lane != Lane::Interactive) && !others.is_empty(), "{others:?}");
}
