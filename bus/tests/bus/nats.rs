//! What only the real server can show: its streams, limits, and messages that others publish.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use ruche_bus::{
    Bus, DeadFilter, DeadLetterQueue, FlowControl, PublishError, Receipt,
    nats::{ConnectError, Nats},
};
use ruche_schemas::{Failure, JobRef, Lane, clock, failure::codes};
use ruche_services::testing;

use crate::suite::{self, ACK_WAIT, KIND, config, job, message, next, publish, queue, slots};

const LIMIT: Duration = Duration::from_secs(60);

pub(crate) async fn within<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, test).await.expect("in time")
}

pub(crate) async fn connect(url: &str, prefix: &str) -> Nats {
    let bus = Nats::connect(&config(url, prefix), ACK_WAIT).await.expect("a connection");
    bus.ensure(&[KIND]).await.expect("streams");
    bus
}

#[tokio::test]
async fn topology_is_created_twice_without_change() {
    let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
    let bus = connect(&url, &prefix).await;
    let raw = async_nats::jetstream::new(async_nats::connect(&url).await.expect("a connection"));
    let names = ["JOBS_PROBE", "EVENTS", "DEAD", "ADVISORIES", "CANCELS", "WORKERS", "PAUSES", "SLOTS", "UNIQUE"];
    let look = async || {
        let mut seen = Vec::new();
        for name in names {
            let name = format!("{}_{name}", prefix.to_uppercase());
            let stream = raw.get_stream(&name).await.expect("a stream");
            let consumers: Vec<_> = stream.consumers().try_collect().await.expect("consumers");
            let consumers: Vec<_> = consumers.into_iter().map(|consumer| (consumer.created, consumer.config)).collect();
            seen.push((stream.cached_info().created, stream.cached_info().config.clone(), consumers));
        }
        seen
    };
    let before = look().await;
    assert_eq!(before[0].2.len(), 10, "one per shard");
    // Several programs start at the same time.
    let kinds = [KIND];
    let again = (0..8).map(|_| bus.ensure(&kinds));
    futures::future::try_join_all(again).await.expect("the same streams");
    assert_eq!(look().await, before);
}

#[tokio::test]
async fn a_program_that_knows_fewer_kinds_takes_nothing_away() {
    let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
    let bus = connect(&url, &prefix).await;
    bus.ensure(&[ruche_schemas::Kind::new("other")]).await.expect("streams");
    bus.ensure(&[KIND]).await.expect("streams");
    let raw = async_nats::jetstream::new(async_nats::connect(&url).await.expect("a connection"));
    let stream = raw.get_stream(format!("{}_ADVISORIES", prefix.to_uppercase())).await.expect("a stream");
    let subjects = &stream.cached_info().config.subjects;
    assert!(["JOBS_PROBE", "JOBS_OTHER"].iter().all(|name| subjects.iter().any(|s| s.contains(name))), "{subjects:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_or_not_named_is_said_clearly() {
    let error = Nats::connect(&config("nats://user:secret@host:port", "t"), ACK_WAIT).await.expect_err("no address");
    assert!(matches!(error, ConnectError::Address { .. }), "{error}");
    assert!(error.to_string().contains("host:port") && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_queue_was_deleted_makes_it_again() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let bus = connect(&url, &prefix).await;
        let mut queue = queue(&bus).await;
        next_after(&bus, &mut queue, publish(&bus, Lane::Normal).await).await;
        let raw = async_nats::jetstream::new(async_nats::connect(&url).await.expect("a connection"));
        raw.delete_stream(format!("{}_JOBS_PROBE", prefix.to_uppercase())).await.expect("a deletion");
        let publishing = async {
            loop {
                let job = job();
                match bus.publish(message(&job, Lane::Normal)).await {
                    Ok(_) => return job,
                    // Unavailable while the stream is being created again.
                    Err(PublishError::UnknownKind { .. } | PublishError::Unavailable(_)) => {}
                    Err(error) => panic!("{error}"),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let (published, delivery) = tokio::join!(publishing, next(&mut queue));
        assert_eq!(delivery.job, published);
    })
    .await;
}

async fn next_after(_: &Nats, queue: &mut Box<dyn ruche_bus::Deliveries>, job: JobRef) {
    let delivery = next(queue).await;
    assert_eq!(delivery.job, job);
    delivery.done().await.expect("a confirmation");
}

#[tokio::test]
async fn a_job_that_somebody_publishes_straight_onto_nats_is_handed_out() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let bus = connect(&url, &prefix).await;
        let client = async_nats::connect(&url).await.expect("a connection");
        let raw = async_nats::jetstream::new(client);
        let send = async |tenant: &str, payload: String, id: Option<String>| {
            let mut headers = async_nats::HeaderMap::new();
            if let Some(id) = id {
                headers.insert("Nats-Msg-Id", id);
            }
            let subject = format!("{prefix}.job.probe.normal.3.{tenant}");
            let sending = raw.publish_with_headers(subject, headers, payload.into()).await.expect("a publish");
            sending.await.expect("an acknowledgement");
        };
        let mut queue = queue(&bus).await;
        let by_header = job();
        send("acme", "not JSON".to_owned(), Some(format!("acme.{}", by_header.id))).await;
        assert_eq!(next(&mut queue).await.job, by_header);
        let by_envelope = job();
        send("acme", format!(r#"{{"kind":"probe","id":"{}"}}"#, by_envelope.id), None).await;
        assert_eq!(next(&mut queue).await.job, by_envelope);
        // Without either it keeps the given id, so that it can become a dead letter.
        send("UPPER", "?".to_owned(), None).await;
        let nameless = next(&mut queue).await;
        assert_eq!((nameless.job.tenant.as_str(), nameless.attempt), ("invalid-tenant", 1));
        let same = nameless.job.clone();
        nameless.retry(Duration::ZERO).await.expect("a confirmation");
        let again = loop {
            let delivery = next(&mut queue).await;
            if delivery.job == same {
                break delivery;
            }
        };
        assert_eq!(again.attempt, 2);
    })
    .await;
}

#[tokio::test]
async fn clones_share_one_bus() {
    let bus = connect(&testing::shared_nats().await, &testing::unique("t")).await;
    let shared: Arc<dyn Bus> = Arc::new(bus.clone());
    let job = publish(&bus, Lane::Normal).await;
    assert_eq!(next(&mut queue(&*shared).await).await.job, job);
}

/// Bounds how often the server delivers a job.
async fn bound(url: &str, prefix: &str, max_deliver: i64) {
    let raw = async_nats::jetstream::new(async_nats::connect(url).await.expect("a connection"));
    let stream = raw.get_stream(format!("{}_JOBS_PROBE", prefix.to_uppercase())).await.expect("a stream");
    let consumer: async_nats::jetstream::consumer::PullConsumer = stream.get_consumer("normal").await.expect("a lane");
    let mut config = consumer.cached_info().config.clone();
    config.max_deliver = max_deliver;
    stream.create_consumer(config).await.expect("an update");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_the_server_gives_up_is_in_dead_once_and_gone_from_its_queue() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let bus = connect(&url, &prefix).await;
        bound(&url, &prefix, 2).await;
        let (silent, known) = (publish(&bus, Lane::Normal).await, publish(&bus, Lane::Normal).await);
        // A worker dies each time; once it has stored a dead letter and not settled the job.
        let mut queue = queue(&bus).await;
        let mut handed = 0;
        while handed < 4 {
            for delivery in queue.next(slots(4)).await {
                handed += 1;
                if delivery.job == known && delivery.attempt == 2 {
                    let letter = ruche_bus::DeadLetter {
                        job: known.clone(),
                        kind: KIND,
                        lane: Lane::Normal,
                        failure: Failure::new("why", "the worker knew"),
                        attempts: 2,
                        at: clock::now(),
                        trace_id: None,
                        payload: String::from_utf8_lossy(&delivery.payload).into_owned(),
                        headers: delivery.headers.clone(),
                    };
                    bus.put_dead_letter(&letter).await.expect("a letter");
                }
            }
        }
        // The server publishes the advisory at the next pull.
        let asking = tokio::spawn(async move {
            loop {
                drop(queue.next(slots(4)).await);
            }
        });
        // The first watcher dies before the job is out of its queue; another continues.
        let mut watcher = bus.watch_max_deliveries().await.expect("a watcher");
        let first = loop {
            if let Some(job) = watcher.next().await.expect("an item").expect("no outage") {
                break job;
            }
        };
        drop(watcher);
        assert!(first == silent || first == known);
        let mut moved = HashSet::new();
        let mut watcher = bus.watch_max_deliveries().await.expect("a watcher");
        while bus.backlog(&KIND, &silent.tenant).await.expect("a count") > 0 {
            tokio::select! {
                item = watcher.next() => { moved.extend(item.expect("an item").expect("no outage")); }
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        }
        asking.abort();
        assert_eq!(moved, HashSet::from([silent.clone(), known.clone()]));
        assert_eq!(bus.count_dead_letters(&DeadFilter::default()).await, Ok(2));
        let letter = bus.get_dead_letter(&silent).await.expect("a read").expect("a letter").letter;
        assert_eq!((letter.failure.code.as_str(), letter.attempts, letter.lane), (codes::ATTEMPTS, 2, Lane::Normal));
        assert_eq!(letter.payload.as_bytes(), message(&silent, Lane::Normal).payload);
        let letter = bus.get_dead_letter(&known).await.expect("a read").expect("a letter").letter;
        assert_eq!(letter.failure.code, "why", "what a worker knew is not overwritten");
    })
    .await;
}

#[tokio::test]
async fn a_tenant_whose_backlog_is_full_is_told_so_and_others_go_on() {
    within(Box::pin(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let settings = ruche_schemas::config::Nats { tenant_backlog: 2, ..config(&url, &prefix) };
        let bus = Nats::connect(&settings, ACK_WAIT).await.expect("a connection");
        bus.ensure(&[KIND]).await.expect("streams");
        for _ in 0..2 {
            publish(&bus, Lane::Normal).await;
        }
        let refused = bus.publish(message(&job(), Lane::Normal)).await;
        assert_eq!(refused, Err(PublishError::TenantFull { kind: KIND }));
        let other = JobRef { tenant: suite::tenant("other"), ..job() };
        assert_eq!(bus.publish(message(&other, Lane::Normal)).await, Ok(Receipt { duplicate: false }));
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_fifty_thousand_bulk_jobs_delays_other_jobs_by_a_bounded_number() {
    within(Box::pin(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let many = 1_000_000;
        let settings =
            ruche_schemas::config::Nats { tenant_backlog: many, backlog_jobs: many, ..config(&url, &prefix) };
        let bus = Nats::connect(&settings, ACK_WAIT * 30).await.expect("a connection");
        bus.ensure(&[KIND]).await.expect("streams");
        suite::fairness::delays(&bus, 50_000).await;
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_from_before_bulk_had_shards_is_brought_up_to_date_with_its_jobs() {
    use async_nats::jetstream::{consumer::pull, stream};
    within(Box::pin(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let raw = async_nats::jetstream::new(async_nats::connect(&url).await.expect("a connection"));
        let name = format!("{}_JOBS_PROBE", prefix.to_uppercase());
        let lanes = Lane::ALL.map(|lane| format!("{prefix}.job.probe.{lane}.*.*"));
        let old = stream::Config {
            name: name.clone(),
            subjects: lanes.to_vec(),
            retention: stream::RetentionPolicy::WorkQueue,
            discard: stream::DiscardPolicy::New,
            ..Default::default()
        };
        let old = raw.create_stream(old).await.expect("a stream");
        for (lane, filter) in Lane::ALL.into_iter().zip(lanes) {
            let consumer = pull::Config {
                durable_name: Some(lane.to_string()),
                filter_subject: filter,
                max_waiting: 10_000,
                ..Default::default()
            };
            old.create_consumer(consumer).await.expect("a consumer");
        }
        let mut expected = HashSet::new();
        for (count, lane) in Lane::ALL.into_iter().cycle().take(30).enumerate() {
            let job = JobRef { tenant: suite::tenant(&format!("tenant-{count}")), ..job() };
            let subject = format!("{prefix}.job.probe.{lane}.0.{}", job.tenant);
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", format!("{}.{}", job.tenant, job.id));
            let sending = raw.publish_with_headers(subject, headers, "{}".into()).await.expect("a publish");
            sending.await.expect("an acknowledgement");
            expected.insert(job);
        }
        // A worker of the earlier version has one of them in flight.
        let consumer: async_nats::jetstream::consumer::PullConsumer =
            old.get_consumer("bulk").await.expect("a consumer");
        let mut taken = consumer.fetch().max_messages(1).messages().await.expect("a fetch");
        let held = taken.next().await.expect("a job").expect("a job");
        // Several programs of this version start at the same time.
        let buses = [connect(&url, &prefix).await, connect(&url, &prefix).await];
        let kinds = [KIND];
        futures::future::try_join_all(buses.iter().map(|bus| bus.ensure(&kinds))).await.expect("streams");
        let subjects = raw.get_stream(&name).await.expect("a stream").cached_info().config.subjects.clone();
        assert!(subjects.iter().all(|subject| !subject.contains("bulk.*")) && subjects.len() == 20, "{subjects:?}");
        let known = publish(&buses[0], Lane::Bulk).await;
        expected.insert(known);
        let mut queue = queue(&buses[1]).await;
        let mut seen = HashSet::new();
        while seen.len() < expected.len() {
            for delivery in queue.next(slots(8)).await {
                assert!(seen.insert(delivery.job.clone()), "handed out twice: {delivery:?}");
                delivery.done().await.expect("a confirmation");
            }
        }
        assert_eq!(seen, expected);
        drop(held);
    }))
    .await;
}

#[tokio::test]
async fn a_bulk_job_for_a_shard_that_nobody_serves_is_refused() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let _bus = connect(&url, &prefix).await;
        let raw = async_nats::jetstream::new(async_nats::connect(&url).await.expect("a connection"));
        for (shard, stored) in [("7", true), ("8", false), ("x", false)] {
            let subject = format!("{prefix}.job.probe.bulk.{shard}.acme");
            let sending = raw.publish(subject, "{}".into()).await.expect("a publish");
            assert_eq!(sending.await.is_ok(), stored, "shard {shard}");
        }
    })
    .await;
}
