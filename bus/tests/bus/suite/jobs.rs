//! Jobs: accepted durably, delivered until they are settled.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ruche_bus::{Bus, Headers, Message, PublishError, Receipt};
use ruche_schemas::{JobId, JobRef, Kind, Lane, clock, topology::bounds::MAX_JOB_BYTES};

use super::{ACK_WAIT, BACKLOG, KIND, job, message, next, nothing_comes, publish, queue, slots};

pub(crate) async fn a_published_job_is_handed_out_once_and_gone_after_done(bus: &dyn Bus) {
    let job = publish(bus, Lane::Normal).await;
    let mut queue = queue(bus).await;
    let delivery = next(&mut queue).await;
    assert_eq!((&delivery.job, delivery.attempt), (&job, 1));
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
    assert!(bus.depth().await.expect("depth").iter().all(|depth| depth.waiting + depth.in_flight == 0));
}

pub(crate) async fn what_was_published_is_what_arrives(bus: &dyn Bus) {
    let payload = Bytes::from_static("{\"text\":\"é\0\"}\n".as_bytes());
    let headers =
        Headers::from([("traceparent".to_owned(), "00-1-2-01".to_owned()), ("x-ü".to_owned(), "?".to_owned())]);
    let sent = Message { payload: payload.clone(), headers, first_seq: Some(17), ..message(&job(), Lane::Bulk) };
    let before = clock::now();
    bus.publish(sent.clone()).await.expect("a receipt");
    let delivery = next(&mut queue(bus).await).await;
    assert_eq!((&delivery.job, &delivery.kind, delivery.lane), (&sent.job, &KIND, Lane::Bulk));
    assert_eq!(delivery.payload, payload);
    assert_eq!(delivery.headers.get("traceparent").map(String::as_str), Some("00-1-2-01"));
    assert_eq!(delivery.first_seq, Some(17));
    // The server's clock may be a little behind ours.
    assert!((delivery.published_at - before).abs() < chrono::TimeDelta::seconds(10));
    delivery.done().await.expect("a confirmation");
}

pub(crate) async fn a_duplicate_is_reported_and_not_delivered_twice(bus: &dyn Bus) {
    let job = publish(bus, Lane::Normal).await;
    assert_eq!(bus.publish(message(&job, Lane::Normal)).await, Ok(Receipt { duplicate: true }));
    let mut queue = queue(bus).await;
    next(&mut queue).await.done().await.expect("a confirmation");
    assert_eq!(bus.publish(message(&job, Lane::Normal)).await, Ok(Receipt { duplicate: true }));
    nothing_comes(&mut queue, Duration::from_millis(300)).await;
}

pub(crate) async fn only_a_job_that_nobody_can_have_seen_is_a_first_one(bus: &dyn Bus) {
    let mut queue = queue(bus).await;
    publish(bus, Lane::Normal).await;
    assert!(next(&mut queue).await.is_first());
    let again = next(&mut queue).await;
    assert!(!again.is_first(), "it comes again");
    again.done().await.expect("a confirmation");
    // A chosen id, or an old one, may have been published before the dedup window.
    let old = uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000, &[7; 10]).into_uuid();
    for id in [job().id.derived("on_success.0"), JobId(old)] {
        let job = JobRef { id, ..job() };
        bus.publish(message(&job, Lane::Normal)).await.expect("a receipt");
        let delivery = next(&mut queue).await;
        assert!(!delivery.is_first(), "{id}");
        delivery.done().await.expect("a confirmation");
    }
}

pub(crate) async fn an_unsettled_job_comes_back_with_a_higher_attempt(bus: &dyn Bus) {
    let job = publish(bus, Lane::Normal).await;
    let mut queue = queue(bus).await;
    for attempt in 1..=3 {
        let delivery = next(&mut queue).await;
        assert_eq!((&delivery.job, delivery.attempt), (&job, attempt));
    }
}

pub(crate) async fn a_retry_comes_back_after_its_delay_not_before(bus: &dyn Bus) {
    publish(bus, Lane::Normal).await;
    let mut queue = queue(bus).await;
    // Longer than the ack wait: a delay counts on its own.
    let delay = ACK_WAIT * 2;
    let since = Instant::now();
    next(&mut queue).await.retry(delay).await.expect("a confirmation");
    let delivery = next(&mut queue).await;
    assert!(since.elapsed() >= delay, "{:?}", since.elapsed());
    assert_eq!(delivery.attempt, 2);
    delivery.retry(Duration::ZERO).await.expect("a confirmation");
    assert_eq!(next(&mut queue).await.attempt, 3);
}

pub(crate) async fn an_extended_job_is_not_redelivered(bus: &dyn Bus) {
    publish(bus, Lane::Normal).await;
    let (mut queue, mut other) = (queue(bus).await, queue(bus).await);
    let delivery = next(&mut queue).await;
    let extender = delivery.extender();
    let extending = async {
        for _ in 0..8 {
            tokio::time::sleep(ACK_WAIT / 3).await;
            extender.extend().await.expect("an extension");
        }
    };
    tokio::select! {
        () = extending => {}
        jobs = other.next(slots(1)) => panic!("it was extended: {jobs:?}"),
    }
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut other, ACK_WAIT * 2).await;
}

/// A late acknowledgement settles the job. The log keeps two workers from writing.
pub(crate) async fn a_late_done_counts(bus: &dyn Bus) {
    publish(bus, Lane::Normal).await;
    let mut queue = queue(bus).await;
    let late = next(&mut queue).await;
    let second = next(&mut queue).await;
    assert_eq!(second.attempt, 2);
    late.done().await.expect("a confirmation");
    drop(second);
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
}

pub(crate) async fn a_full_queue_refuses(bus: &dyn Bus) {
    let sending = (0..BACKLOG).map(|_| async { bus.publish(message(&job(), Lane::Bulk)).await });
    for receipt in futures::future::join_all(sending).await {
        assert_eq!(receipt, Ok(Receipt { duplicate: false }));
    }
    let one_more = message(&job(), Lane::Interactive);
    assert_eq!(bus.publish(one_more.clone()).await, Err(PublishError::Full { kind: KIND }));
    next(&mut queue(bus).await).await.done().await.expect("a confirmation");
    assert_eq!(bus.publish(one_more).await, Ok(Receipt { duplicate: false }));
}

pub(crate) async fn an_unknown_kind_is_refused(bus: &dyn Bus) {
    let kind = Kind::new("nobody");
    let stray = Message { kind: kind.clone(), ..message(&job(), Lane::Normal) };
    assert_eq!(bus.publish(stray).await, Err(PublishError::UnknownKind { kind }));
}

pub(crate) async fn a_job_that_is_too_large_is_refused(bus: &dyn Bus) {
    for size in [MAX_JOB_BYTES + 1, 3 << 20] {
        let large = Message { payload: Bytes::from(vec![b'x'; size]), ..message(&job(), Lane::Normal) };
        let error = bus.publish(large).await.expect_err("too large");
        assert!(
            matches!(error, PublishError::TooLarge { bytes, max } if bytes >= size && max <= MAX_JOB_BYTES),
            "{error}"
        );
    }
}

pub(crate) async fn depth_counts_what_waits_and_what_is_in_flight(bus: &dyn Bus) {
    for _ in 0..3 {
        publish(bus, Lane::Normal).await;
    }
    publish(bus, Lane::Bulk).await;
    let mut queue = queue(bus).await;
    let held = loop {
        let delivery = next(&mut queue).await;
        if delivery.lane == Lane::Normal {
            break delivery;
        }
        delivery.retry(Duration::ZERO).await.expect("a confirmation");
    };
    queue.close().await;
    let depths = bus.depth().await.expect("depth");
    assert_eq!(depths.iter().map(|depth| depth.lane).collect::<Vec<_>>(), Lane::ALL);
    let counts: Vec<_> = depths.iter().map(|depth| depth.waiting + depth.in_flight).collect();
    assert_eq!(counts, [0, 3, 1]);
    assert!(depths[1].in_flight >= 1 && depths[1].waiting <= 2, "{depths:?}");
    assert!(depths[0].oldest.is_none() && depths[1].oldest.is_some() && depths[2].oldest.is_some(), "{depths:?}");
    held.done().await.expect("a confirmation");
}

pub(crate) async fn the_oldest_that_waits_is_one_that_no_worker_has(bus: &dyn Bus) {
    let oldest = async || bus.depth().await.expect("depth")[Lane::Normal as usize].oldest;
    publish(bus, Lane::Normal).await;
    assert!(oldest().await.is_some());
    let mut queue = queue(bus).await;
    let held = next(&mut queue).await;
    queue.close().await;
    assert_eq!(oldest().await, None, "the only one is in a worker's hands");
    publish(bus, Lane::Normal).await;
    let waited = oldest().await.expect("one waits");
    assert!(waited <= (clock::now() - held.published_at).to_std().expect("the past"), "{waited:?}");
    held.done().await.expect("a confirmation");
}
