//! The tests of the contract, and their helpers.

pub(crate) mod dead;
pub(crate) mod fairness;
pub(crate) mod flow_control;
pub(crate) mod jobs;
pub(crate) mod log;
pub(crate) mod pools;
pub(crate) mod scheduler;
pub(crate) mod signals;
pub(crate) mod workers;

use std::{num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use ruche_bus::{Bus, Deliveries, Delivery, Headers, Message, Receipt};
use ruche_schemas::{EventType, JobId, JobRef, Kind, Lane, Record, TenantId, clock, config};
use serde_json::json;

pub(crate) const KIND: Kind = Kind::new("probe");

/// Short, so that a test can wait for a redelivery.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(1);

/// More than any test publishes, but one.
pub(crate) const BACKLOG: i64 = 3000;

pub(crate) fn config(url: &str, prefix: &str) -> config::Nats {
    config::Nats {
        url: config::Secret(url.to_owned()),
        user: String::new(),
        password: config::Secret::default(),
        prefix: prefix.to_owned(),
        replicas: 1,
        events_hours: 1,
        backlog_jobs: BACKLOG,
        tenant_backlog: BACKLOG,
    }
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().expect("a tenant's name")
}

/// Of the tenant `acme`.
pub(crate) fn job() -> JobRef {
    JobRef { tenant: tenant("acme"), id: JobId::generate() }
}

pub(crate) fn message(job: &JobRef, lane: Lane) -> Message {
    let payload = Bytes::from(json!({"id": job.id, "body": "x"}).to_string());
    Message { job: job.clone(), kind: KIND, lane, payload, headers: Headers::new(), first_seq: None }
}

pub(crate) async fn publish(bus: &dyn Bus, lane: Lane) -> JobRef {
    let job = job();
    assert_eq!(bus.publish(message(&job, lane)).await, Ok(Receipt { duplicate: false }));
    job
}

pub(crate) async fn queue(bus: &dyn Bus) -> Box<dyn Deliveries> {
    bus.consume(&KIND).await.expect("a queue")
}

pub(crate) fn slots(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("a slot")
}

pub(crate) async fn next(queue: &mut Box<dyn Deliveries>) -> Delivery {
    let mut jobs = queue.next(slots(1)).await;
    assert_eq!(jobs.len(), 1, "one slot, one job");
    jobs.remove(0)
}

/// Nothing comes for this long. Only time can tell.
pub(crate) async fn nothing_comes(queue: &mut Box<dyn Deliveries>, time: Duration) {
    if let Ok(jobs) = tokio::time::timeout(time, queue.next(slots(8))).await {
        panic!("nothing should have come: {jobs:?}");
    }
}

pub(crate) fn event(n: u64, event: EventType) -> Record {
    Record {
        n,
        event,
        kind: KIND,
        attempt: 1,
        at: clock::now(),
        data: json!({"text": format!("word {n}")}),
        claim: None,
    }
}

/// Appends deltas so that the log ends with `to`; returns the last sequence.
pub(crate) async fn grow(bus: &dyn Bus, job: &JobRef, mut after: u64, from: u64, to: u64) -> u64 {
    for n in from..=to {
        after = bus.append(job, after, &event(n, EventType::Delta)).await.expect("an append");
    }
    after
}
