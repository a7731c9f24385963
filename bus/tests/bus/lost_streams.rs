//! Streams that go while programs run: a server that is killed loses those that it keeps in memory.

use std::time::Duration;

use async_nats::jetstream;
use chrono::SubsecRound;
use futures::StreamExt;
use ruche_bus::{Bus, DeadLetterQueue as _, WorkerRegistration, nats::Nats};
use ruche_schemas::{Lane, clock, topology::streams::streams};
use ruche_services::testing;

use crate::{
    nats::{connect, within},
    suite::{ACK_WAIT, KIND, config, job, next, publish, queue, signals::registration},
};

async fn raw(url: &str) -> jetstream::Context {
    jetstream::new(async_nats::connect(url).await.expect("a connection"))
}

fn worker() -> WorkerRegistration {
    WorkerRegistration { since: clock::now().trunc_subsecs(3), ..registration(KIND, "host-1") }
}

async fn worker_bus(url: &str, prefix: &str) -> Nats {
    let bus = Nats::connect(&config(url, prefix), ACK_WAIT).await.expect("a connection");
    bus.join(&[KIND], &[KIND]).await.expect("streams");
    bus
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn registrations_are_the_only_stream_in_memory() {
    let in_memory = streams(&config("", "t"), &[KIND], ACK_WAIT).into_iter().filter(|s| s.storage == "memory");
    assert_eq!(in_memory.map(|stream| stream.name).collect::<Vec<_>>(), ["T_WORKERS"], "test the loss of others here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_registers_and_a_gateway_lists_although_the_stream_has_gone() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let (gateway, working, raw) = (connect(&url, &prefix).await, worker_bus(&url, &prefix).await, raw(&url).await);
        let (name, worker) = (format!("{}_WORKERS", prefix.to_uppercase()), worker());
        raw.delete_stream(&name).await.expect("a deletion");
        working.register(&worker).await.expect("a registration");
        assert_eq!(gateway.workers().await, Ok(vec![worker.clone()]));
        raw.delete_stream(&name).await.expect("a deletion");
        assert_eq!(gateway.workers().await, Ok(Vec::new()), "they are lost, and the bus is not");
        assert_eq!(gateway.knows_all_workers().await, Ok(false));
        working.register(&worker).await.expect("a registration");
        raw.delete_stream(&name).await.expect("a deletion");
        working.deregister(&worker).await.expect("a deregistration");
        assert_eq!(gateway.workers().await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_the_server_everyone_is_registered_again_at_once() {
    within(async {
        let server = testing::nats().await;
        let (gateway, working) = (connect(&server.url(), "t").await, worker_bus(&server.url(), "t").await);
        let worker = worker();
        working.register(&worker).await.expect("a registration");
        let left = WorkerRegistration { worker: "host-2".to_owned(), ..worker.clone() };
        working.register(&left).await.expect("a registration");
        working.deregister(&left).await.expect("a deregistration");
        server.stop().await;
        server.start().await;
        until("it is listed again, without registering", async || {
            gateway.workers().await.is_ok_and(|workers| workers == [worker.clone()])
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_that_goes_is_back_when_the_bus_is_ready() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let (bus, raw) = (connect(&url, &prefix).await, raw(&url).await);
        for stream in streams(&config(&url, &prefix), &[KIND], ACK_WAIT) {
            raw.delete_stream(&stream.name).await.expect("a deletion");
            until(&stream.name, async || bus.ready().await.is_ok()).await;
            let mut found = raw.get_stream(&stream.name).await.expect("a stream");
            assert_eq!(
                found.info().await.expect("a stream").state.consumer_count,
                stream.consumers.len(),
                "{}",
                stream.name
            );
        }
        let job = publish(&bus, Lane::Normal).await;
        assert_eq!(next(&mut queue(&bus).await).await.job, job);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_lacks_a_stream_is_not_ready_and_says_which() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let (bus, raw) = (connect(&url, &prefix).await, raw(&url).await);
        let name = format!("{}_WORKERS", prefix.to_uppercase());
        let mut taken = raw.get_stream(&name).await.expect("a stream").cached_info().config.clone();
        raw.delete_stream(&name).await.expect("a deletion");
        // Another stream has its subjects, so that it can't be created.
        taken.name = format!("{name}_TAKEN");
        raw.create_stream(&taken).await.expect("a stream");
        let refused = bus.ready().await.expect_err("a stream is missing").to_string();
        assert!(refused.contains(&name), "{refused}");
        assert!(bus.workers().await.is_err());
        raw.delete_stream(&taken.name).await.expect("a deletion");
        until("it is ready", async || bus.ready().await.is_ok()).await;
        assert_eq!(bus.workers().await, Ok(Vec::new()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_is_kept_although_the_stream_has_gone() {
    within(async {
        let (url, prefix) = (testing::shared_nats().await, testing::unique("t"));
        let (bus, raw) = (connect(&url, &prefix).await, raw(&url).await);
        let name = format!("{}_CANCELS", prefix.to_uppercase());
        let job = job();
        raw.delete_stream(&name).await.expect("a deletion");
        assert_eq!(bus.is_cancelled(&job).await, Ok(false));
        raw.delete_stream(&name).await.expect("a deletion");
        bus.cancel(&job).await.expect("a cancel");
        assert_eq!(bus.is_cancelled(&job).await, Ok(true));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watch_for_advisories_is_well_again_soon_after_an_outage() {
    within(async {
        let server = testing::nats().await;
        let (bus, raw) = (connect(&server.url(), "t").await, raw(&server.url()).await);
        let mut watcher = bus.watch_max_deliveries().await.expect("a watcher");
        for is_killed in [true, false] {
            match is_killed {
                true => {
                    server.stop().await;
                    assert!(watcher.next().await.expect("an item").is_err(), "the server is away");
                    server.start().await;
                }
                false => raw.delete_stream("T_ADVISORIES").await.map(drop).expect("a deletion"),
            }
            let well = async { while watcher.next().await.expect("an item").is_err() {} };
            tokio::time::timeout(Duration::from_secs(30), well).await.expect("it is well again");
        }
        let mut advisories = raw.get_stream("T_ADVISORIES").await.expect("a stream");
        assert_eq!(advisories.info().await.expect("a stream").state.consumer_count, 1);
    })
    .await;
}
