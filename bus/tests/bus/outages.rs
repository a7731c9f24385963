//! The server goes away and comes back.

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, TryStreamExt};
use ruche_bus::{Bus, FlowControl, Pause, PublishError, Receipt, Scheduler, nats::Nats};
use ruche_schemas::{EventType, Lane, clock};
use ruche_services::testing;

use crate::{
    nats::{connect, within},
    suite::{KIND, event, grow, job, message, next, publish, queue, slots},
};

async fn until_ready(bus: &Nats, ready: bool) {
    while bus.ready().await.is_ok() != ready {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_went_away_answers_unavailable_and_recovers() {
    within(async {
        let server = testing::nats().await;
        let bus = connect(&server.url(), "t").await;
        let mut listener = bus.cancellations().await.expect("a listener");
        let kept = publish(&bus, Lane::Normal).await;
        server.stop().await;
        until_ready(&bus, false).await;
        let job = job();
        assert!(matches!(bus.publish(message(&job, Lane::Normal)).await, Err(PublishError::Unavailable(_))));
        assert!(bus.append(&job, 0, &event(1, EventType::Accepted)).await.is_err());
        assert!(bus.last(&job).await.is_err());
        assert!(bus.cancel(&job).await.is_err());
        server.start().await;
        until_ready(&bus, true).await;
        assert_eq!(bus.publish(message(&job, Lane::Normal)).await, Ok(Receipt { duplicate: false }));
        assert_eq!(bus.publish(message(&kept, Lane::Normal)).await, Ok(Receipt { duplicate: true }));
        bus.cancel(&job).await.expect("a cancel");
        assert_eq!(listener.next().await, Some(job));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_resume_after_the_server_restarts() {
    within(async {
        let server = testing::nats().await;
        let bus = connect(&server.url(), "t").await;
        let mut queue = queue(&bus).await;
        let mut expected = HashSet::new();
        let mut seen = HashSet::new();
        for restart in [false, true, true] {
            // The worker waits while the server stops and restarts.
            let outage = async {
                if restart {
                    server.stop().await;
                    server.start().await;
                    until_ready(&bus, true).await;
                }
                for lane in Lane::ALL {
                    expected.insert(publish(&bus, lane).await);
                }
                expected.len()
            };
            let working = async {
                let mut count = 0;
                while count < 3 {
                    for delivery in queue.next(slots(4)).await {
                        count += usize::from(seen.insert(delivery.job.clone()));
                        delivery.done().await.expect("a confirmation");
                    }
                }
            };
            tokio::join!(outage, working);
        }
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_for_later_survives_a_restart_of_the_server() {
    within(async {
        let server = testing::nats().await;
        let bus = connect(&server.url(), "t").await;
        let at = clock::now() + chrono::TimeDelta::seconds(2);
        let job = job();
        bus.publish_at(message(&job, Lane::Normal), at).await.expect("a receipt");
        server.stop().await;
        server.start().await;
        until_ready(&bus, true).await;
        let mut queue = queue(&bus).await;
        let delivery = next(&mut queue).await;
        assert_eq!((&delivery.job, delivery.attempt), (&job, 1));
        assert!(clock::now() >= at);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_goes_on_after_the_server_restarts() {
    within(async {
        let server = testing::nats().await;
        let bus = connect(&server.url(), "t").await;
        let job = job();
        let watch = bus.watch(&job, 1).await.expect("a watch");
        let writing = async {
            let sequence = grow(&bus, &job, 0, 1, 10).await;
            server.stop().await;
            server.start().await;
            until_ready(&bus, true).await;
            let sequence = grow(&bus, &job, sequence, 11, 20).await;
            bus.append(&job, sequence, &event(21, EventType::Done)).await.expect("an append");
        };
        let reading = watch.map_ok(|record| record.n).try_collect::<Vec<_>>();
        let ((), seen) = tokio::join!(writing, reading);
        assert_eq!(seen.expect("events"), (1..=21).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_asked_for_during_an_outage_is_heard_afterwards() {
    within(async {
        let server = testing::nats().await;
        let (listening, asking) = (connect(&server.url(), "t").await, connect(&server.url(), "t").await);
        let mut listener = listening.cancellations().await.expect("a listener");
        server.stop().await;
        until_ready(&listening, false).await;
        server.start().await;
        // The listener may not be back yet.
        until_ready(&asking, true).await;
        let job = job();
        asking.cancel(&job).await.expect("a cancel");
        assert_eq!(listener.next().await, Some(job));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pauses_survive_a_restart_and_what_changed_meanwhile_is_heard() {
    within(async {
        let server = testing::nats().await;
        let (listening, asking) = (connect(&server.url(), "t").await, connect(&server.url(), "t").await);
        let (kind, worker) = (Pause::Kind(KIND), Pause::Worker("host-1".to_owned()));
        asking.set_paused(&kind, true).await.expect("a pause");
        let mut pauses = listening.pauses().await.expect("a listener");
        assert_eq!(pauses.next().await, Some(vec![kind.clone()]));
        server.stop().await;
        until_ready(&asking, false).await;
        server.start().await;
        // The listener may not be back yet.
        until_ready(&asking, true).await;
        asking.set_paused(&worker, true).await.expect("a pause");
        assert_eq!(pauses.next().await, Some(vec![kind, worker]));
    })
    .await;
}
