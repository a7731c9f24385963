//! Jobs for the workers of a pool.

use std::time::Duration;

use ruche_bus::{Bus, Deliveries, Headers, Message, POOL};
use ruche_schemas::{Lane, clock};

use super::{ACK_WAIT, KIND, job, message, next, nothing_comes, publish, queue};

/// Characters that no subject may have.
const NAME: &str = "a.model * of ours";

async fn pool(bus: &dyn Bus) -> Box<dyn Deliveries> {
    bus.consume_pool(&KIND, NAME).await.expect("a queue")
}

fn for_pool() -> Headers {
    Headers::from([(POOL.to_owned(), NAME.to_owned())])
}

pub(crate) async fn a_job_for_a_pool_is_handed_out_there_and_nowhere_else(bus: &dyn Bus) {
    let (mut others, mut pool) = (queue(bus).await, pool(bus).await);
    let plain = publish(bus, Lane::Normal).await;
    let pooled = job();
    bus.publish(Message { headers: for_pool(), ..message(&pooled, Lane::Bulk) }).await.expect("a receipt");
    let delivery = next(&mut pool).await;
    assert_eq!((&delivery.job, delivery.lane, delivery.attempt), (&pooled, Lane::Bulk, 1));
    assert_eq!(delivery.headers, for_pool(), "a replay of its dead letter goes there too");
    delivery.retry(Duration::ZERO).await.expect("a confirmation");
    let delivery = next(&mut pool).await;
    assert_eq!((&delivery.job, delivery.attempt), (&pooled, 2));
    let other = next(&mut others).await;
    assert_eq!(other.job, plain);
    other.done().await.expect("a confirmation");
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut others, ACK_WAIT / 2).await;
    nothing_comes(&mut pool, ACK_WAIT / 2).await;
}

pub(crate) async fn what_waits_for_a_pool_is_counted_and_listed(bus: &dyn Bus) {
    // A consumer is there from the first worker of the pool on.
    let mut pool = pool(bus).await;
    let (first, second, tenant) = (job(), publish(bus, Lane::Normal).await, job().tenant);
    bus.publish(Message { headers: for_pool(), ..message(&first, Lane::Normal) }).await.expect("a receipt");
    let counts = async || {
        let depths = bus.depth().await.expect("depths");
        let normal = depths.iter().find(|depth| depth.lane == Lane::Normal).expect("the lane");
        (normal.waiting, normal.in_flight, normal.oldest.is_some())
    };
    assert_eq!(counts().await, (2, 0, true));
    assert_eq!(bus.backlog(&KIND, &tenant).await, Ok(2));
    let listed = bus.queued(&KIND, &tenant, 0, 10).await.expect("jobs");
    assert_eq!(listed.iter().map(|job| &job.job).collect::<Vec<_>>(), [&second, &first], "in the order of the queue");
    let page = bus.queued(&KIND, &tenant, listed[0].sequence, 1).await.expect("jobs");
    assert_eq!((page.len(), &page[0].job), (1, &first));
    let delivery = next(&mut pool).await;
    assert_eq!(counts().await, (1, 1, true));
    delivery.done().await.expect("a confirmation");
    assert_eq!(counts().await, (1, 0, true));
}

pub(crate) async fn a_job_that_is_handed_on_comes_to_the_pool_as_the_same_attempt(bus: &dyn Bus) {
    let (mut others, mut pool) = (queue(bus).await, pool(bus).await);
    let job = job();
    let headers = Headers::from([("a".to_owned(), "b".to_owned())]);
    let sent = Message { headers: headers.clone(), first_seq: Some(17), ..message(&job, Lane::Interactive) };
    bus.publish(sent.clone()).await.expect("a receipt");
    next(&mut others).await.forward(NAME).await.expect("a confirmation");
    let delivery = next(&mut pool).await;
    assert_eq!((&delivery.job, delivery.lane, delivery.attempt), (&job, Lane::Interactive, 1));
    assert_eq!((&delivery.payload, delivery.first_seq), (&sent.payload, Some(17)));
    assert_eq!(delivery.headers, headers.into_iter().chain(for_pool()).collect());
    delivery.defer(clock::now(), true).await.expect("a confirmation");
    let delivery = next(&mut pool).await;
    assert_eq!((&delivery.job, delivery.attempt), (&job, 2), "a deferral brings it back to the pool");
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut others, ACK_WAIT / 2).await;
}
