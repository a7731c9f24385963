//! The runtime with a real NATS and a real Postgres.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use probe::{Probe, ProbeHandler};
use ruche_bus::{DeadFilter, DeadLetter};
use ruche_schemas::{
    EventType, Failure, Job, JobId, JobRef, clock,
    event::{Accepted, Outcome, Retrying, Steps},
    failure::codes,
    flow::Origin,
};
use ruche_services::testing;
use ruche_store::ledger::Ledger;
use serde_json::json;
use support::{System, Witness};

mod claims;
mod documents;
mod operators;
mod pools;
mod probe;
mod support;

fn types(events: &[ruche_schemas::Record]) -> Vec<&'static str> {
    events.iter().map(|event| event.event.as_str()).collect()
}

async fn dead(system: &System) -> Vec<DeadLetter> {
    let letters = system.bus.list_dead_letters(&DeadFilter::default(), 0, 10).await.unwrap();
    letters.into_iter().map(|stored| stored.letter).collect()
}

#[tokio::test]
async fn a_job_is_acked_only_after_its_result_is_stored() {
    let system = System::start().await;
    let (ledger, bus) = (system.ledger.clone(), system.bus.clone());
    let witness = Arc::new(Witness { ledger, bus, in_flight_after_commit: Default::default() });
    let worker = system.worker_with(&ProbeHandler::new(), 1, witness.clone());
    let job = system.submit(Probe::Echo("hello".into())).await;
    assert_eq!(types(&system.events(&job).await), ["started", "done"]);
    system.settled().await;
    assert_eq!(*witness.in_flight_after_commit.lock().unwrap(), [1], "the job was still unsettled when it was stored");
    let stored = system.ledger.ended(&job).await.unwrap().unwrap();
    assert_eq!(stored.outcome, Outcome::Done(json!("hello")));
    worker.drain().await;
}

#[tokio::test]
async fn while_the_database_is_down_jobs_wait_and_none_is_lost() {
    let postgres = testing::postgres().await;
    let system = System::on(&testing::shared_nats().await, &postgres.url()).await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 4);
    let gated = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    postgres.stop().await;
    probe.gate.add_permits(1);
    let others = [system.submit(Probe::Echo("a".into())).await, system.submit(Probe::FailOnce).await];
    // The retried job is fenced on its second attempt, which needs the database as well.
    for job in &others {
        probe.ran(job).await;
    }
    assert!(system.bus.last(&gated).await.unwrap().is_some_and(|last| !last.record.event.is_final()));
    postgres.start().await;
    for job in [&gated, &others[0], &others[1]] {
        assert_eq!(system.events(job).await.last().map(|event| event.event), Some(EventType::Done));
        assert!(system.ledger.ended(job).await.unwrap().is_some());
    }
    assert_eq!(probe.runs(&gated), 1, "what was worked out was not thrown away");
    worker.drain().await;
}

#[tokio::test]
async fn a_duplicate_submission_runs_once() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let id = JobId::from_idempotency_key(&system.tenant, &Probe::KIND, "order 7");
    let job = system.submit_as(id, Probe::Echo("a".into())).await;
    system.submit_as(id, Probe::Echo("a".into())).await;
    let worker = system.worker(&probe, 2);
    assert_eq!(types(&system.events(&job).await), ["started", "done"]);
    system.settled().await;
    // Another bus message of the same job, as if the server had forgotten the id.
    let envelope = json!({"id": id, "kind": "probe", "version": 1, "tenant": "acme", "lane": "normal",
        "created_at": clock::now(), "body": {"Echo": "a"}});
    let subject = format!("{}.job.probe.normal.0.acme", system.settings.prefix);
    system.publish_raw(subject, envelope.to_string()).await;
    system.settled().await;
    assert_eq!(probe.runs(&job), 1);
    assert_eq!(types(&system.events(&job).await), ["started", "done"]);
    worker.drain().await;
}

#[tokio::test]
async fn a_rejected_job_is_not_retried_and_is_found_in_dead() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 2);
    let job = system.submit(Probe::Reject).await;
    let events = system.events(&job).await;
    assert_eq!(types(&events), ["started", "failed"]);
    assert_eq!(events[1].parse::<Failure>().unwrap().code, "told_to");
    system.settled().await;
    assert_eq!(probe.runs(&job), 1);
    let dead = dead(&system).await;
    assert_eq!(dead.len(), 1);
    assert_eq!((&dead[0].job, dead[0].attempts), (&job, 1));
    assert!(dead[0].payload.contains("Reject"), "a dead letter holds the job: {}", dead[0].payload);
    assert!(matches!(system.ledger.ended(&job).await.unwrap().unwrap().outcome, Outcome::Failed(_)));
    worker.drain().await;
}

#[tokio::test]
async fn a_mistake_of_a_sender_who_waits_is_no_dead_letter() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 2);
    // The first is the sender's fault, the other is not.
    for (body, is_kept) in [(Probe::Echo("bad".into()), false), (Probe::Reject, true)] {
        let mut brief = system.envelope(JobId::generate(), body);
        brief.ephemeral = true;
        let job = system.send(&brief).await;
        let events = system.events(&job).await;
        assert_eq!(events.last().unwrap().event, EventType::Failed, "the sender is told");
        system.settled().await;
        let letters = dead(&system).await;
        assert_eq!(letters.iter().any(|letter| letter.job == job), is_kept, "{letters:?}");
    }
    // Nobody waits for this one.
    system.submit(Probe::Echo("bad".into())).await;
    system.settled().await;
    assert_eq!(dead(&system).await.len(), 2);
    worker.drain().await;
}

#[tokio::test]
async fn a_job_that_keeps_failing_is_tried_so_often_and_then_dead() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 2);
    for body in [Probe::Fail, Probe::Panic] {
        let job = system.submit(body).await;
        let events = system.events(&job).await;
        assert_eq!(types(&events), ["started", "retrying", "started", "retrying", "started", "failed"]);
        assert_eq!(events[5].parse::<Failure>().unwrap().code, codes::ATTEMPTS);
        assert!(events[5].data["message"].as_str().unwrap().contains("told to"), "{}", events[5].data);
        assert_eq!(probe.runs(&job), Probe::LIMITS.attempts);
    }
    system.settled().await;
    assert_eq!(dead(&system).await.len(), 2);
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_that_vanishes_hands_its_job_to_another() {
    let system = System::start().await;
    let (first, second) = (ProbeHandler::new(), ProbeHandler::new());
    let worker = system.doomed_worker(&first, 1);
    let job = system.submit(Probe::Gated).await;
    first.wait_for_begin().await;
    worker.crash().await;
    let other = system.worker(&second, 1);
    second.wait_for_begin().await;
    second.gate.add_permits(1);
    let events = system.events(&job).await;
    assert_eq!(types(&events), ["started", "started", "done"]);
    assert_eq!(events.iter().map(|event| event.n).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(events.iter().map(|event| event.attempt).collect::<Vec<_>>(), [1, 2, 2]);
    other.drain().await;
}

#[tokio::test]
async fn a_worker_that_was_presumed_dead_changes_nothing() {
    let system = System::start().await;
    let (first, second) = (ProbeHandler::new(), ProbeHandler::new());
    // Its heartbeats are never sent: the bus redelivers its job while it still works.
    let silent = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let worker = system.worker_on(&first, 1, silent.handle().clone());
    let job = system.submit(Probe::Gated).await;
    first.wait_for_begin().await;
    let other = system.worker(&second, 1);
    second.wait_for_begin().await;
    first.gate.add_permits(1);
    worker.drain().await;
    assert_eq!(system.ledger.ended(&job).await.unwrap(), None, "the first may not commit any more");
    second.gate.add_permits(1);
    assert_eq!(types(&system.events(&job).await), ["started", "started", "done"]);
    assert_eq!(system.ledger.ended(&job).await.unwrap().unwrap().attempt, 2);
    other.drain().await;
    silent.shutdown_background();
}

#[tokio::test]
async fn a_cancelled_job_ends_at_once_running_or_not() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let running = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    let queued = system.submit(Probe::Gated).await;
    system.bus.cancel(&queued).await.unwrap();
    system.bus.cancel(&running).await.unwrap();
    assert_eq!(types(&system.events(&running).await), ["started", "cancelled"]);
    assert_eq!(types(&system.events(&queued).await), ["cancelled"]);
    assert_eq!(probe.runs(&queued), 0);
    assert_eq!(system.ledger.ended(&running).await.unwrap().unwrap().outcome, Outcome::Cancelled);
    system.settled().await;
    worker.drain().await;
}

#[tokio::test]
async fn a_full_worker_takes_nothing_more() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 2);
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(system.submit(Probe::Gated).await);
    }
    probe.wait_for_begin().await;
    probe.wait_for_begin().await;
    assert_eq!(system.in_flight().await, 2);
    probe.gate.add_permits(5);
    for job in &jobs {
        assert_eq!(types(&system.events(job).await), ["started", "done"]);
    }
    worker.drain().await;
}

#[tokio::test]
async fn a_draining_worker_ends_what_it_has_and_takes_nothing_new() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let first = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    let second = system.submit(Probe::Echo("later".into())).await;
    worker.shutdown.request();
    probe.gate.add_permits(1);
    worker.drained().await;
    assert!(system.ledger.ended(&first).await.unwrap().is_some());
    assert_eq!(probe.runs(&second), 0);
    let next = system.worker(&probe, 1);
    assert_eq!(types(&system.events(&second).await), ["started", "done"]);
    next.drain().await;
}

#[tokio::test]
async fn a_worker_that_must_leave_hands_its_jobs_back_at_once() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let job = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    worker.shutdown.request();
    worker.drain().await;
    let depth = system.depth().await;
    assert_eq!(depth.iter().map(|lane| lane.waiting + lane.in_flight).sum::<u64>(), 1, "{depth:?}");
    let next = system.worker(&probe, 1);
    probe.wait_for_begin().await;
    probe.gate.add_permits(1);
    assert_eq!(types(&system.events(&job).await), ["started", "started", "done"]);
    next.drain().await;
}

#[tokio::test]
async fn a_payload_that_is_no_job_is_a_dead_letter_and_holds_nobody_up() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let mut jobs = vec![system.publish(JobId::generate(), b"not json".to_vec()).await];
    let elsewhere = json!({"id": JobId::generate(), "kind": "probe", "version": 1, "tenant": "evil",
        "created_at": clock::now(), "body": {"Echo": "a"}});
    jobs.push(system.publish(JobId::generate(), elsewhere.to_string().into_bytes()).await);
    let id = JobId::generate();
    let newer = json!({"id": id, "kind": "probe", "version": 9, "tenant": "acme",
        "created_at": clock::now(), "body": {"Echo": "a"}});
    jobs.push(system.publish(id, newer.to_string().into_bytes()).await);
    jobs.push(system.submit(Probe::Echo("bad".into())).await);
    for job in &jobs {
        let events = system.events(job).await;
        assert_eq!(events.last().map(|event| event.event), Some(EventType::Failed), "{events:?}");
    }
    let good = system.submit(Probe::Echo("good".into())).await;
    assert_eq!(types(&system.events(&good).await), ["started", "done"]);
    system.settled().await;
    assert_eq!(dead(&system).await.len(), jobs.len());
    worker.drain().await;
}

#[tokio::test]
async fn reports_come_in_order_and_all_of_them() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let job = system.submit(Probe::Report(20)).await;
    let events = system.events(&job).await;
    let steps: Vec<u32> = events.iter().filter_map(|event| event.parse::<u32>().ok()).collect();
    assert_eq!(steps, (1..=20).collect::<Vec<_>>());
    assert_eq!(events.iter().map(|event| event.n).collect::<Vec<_>>(), (1..=22).collect::<Vec<_>>());
    worker.drain().await;
}

#[tokio::test]
async fn a_retry_says_what_went_wrong_and_when_it_goes_on() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let job = system.submit(Probe::FailOnce).await;
    let events = system.events(&job).await;
    assert_eq!(types(&events), ["started", "retrying", "started", "done"]);
    let retrying = events[1].parse::<Retrying>().unwrap();
    assert_eq!(retrying.error, "told to fail once");
    assert!(retrying.next_attempt_at >= events[1].at && retrying.next_attempt_at <= events[2].at, "{retrying:?}");
    worker.drain().await;
}

#[tokio::test]
async fn a_quick_job_says_only_how_it_ended_and_a_longer_one_that_it_has_started() {
    let mut system = System::start().await;
    system.options.quiet = Duration::from_secs(3600);
    let (quick, slow) = (ProbeHandler::new(), ProbeHandler::new());
    let worker = system.worker(&quick, 2);
    let mut envelope = system.envelope(JobId::generate(), Probe::Echo("hello".into()));
    let job = system.send(&envelope).await;
    assert_eq!(types(&system.events(&job).await), ["done"]);
    // A job that reports or fails has started.
    let job = system.submit(Probe::Report(1)).await;
    assert_eq!(types(&system.events(&job).await), ["started", "progress", "done"]);
    let job = system.submit(Probe::FailOnce).await;
    assert_eq!(types(&system.events(&job).await), ["started", "retrying", "started", "done"]);
    // The publisher of a job may have begun its log.
    envelope.id = JobId::generate();
    let job = system.send_with_log(&envelope).await;
    assert_eq!(types(&system.events(&job).await), ["accepted", "done"]);
    worker.drain().await;
    system.options.quiet = Duration::from_millis(1);
    let worker = system.worker(&slow, 1);
    let job = system.submit(Probe::Gated).await;
    let mut events = system.bus.watch(&job, 1).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().event, EventType::Started, "it says so while it runs");
    slow.gate.add_permits(1);
    assert_eq!(events.next().await.unwrap().unwrap().event, EventType::Done);
    worker.drain().await;
}

#[tokio::test]
async fn a_first_attempt_that_is_wrong_about_the_log_writes_on_after_what_is_there() {
    let mut system = System::start().await;
    system.options.quiet = Duration::from_secs(3600);
    let worker = system.worker(&ProbeHandler::new(), 1);
    let envelope = system.envelope(JobId::generate(), Probe::Echo("hello".into()));
    // The log is begun, but the envelope does not say so, as when a gateway publishes first.
    let job = JobRef { tenant: system.tenant.clone(), id: envelope.id };
    system.begin_log(&job).await;
    system.send(&envelope).await;
    let events = system.events(&job).await;
    assert_eq!(types(&events), ["accepted", "done"]);
    assert_eq!(events.iter().map(|event| event.n).collect::<Vec<_>>(), [1, 2]);
    worker.drain().await;
}

#[tokio::test]
async fn steps_are_events_of_any_kind_and_the_newest_is_never_lost() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let job = system.submit(Probe::Steps(1_000)).await;
    let events = system.events(&job).await;
    let steps: Vec<Steps> = events.iter().filter_map(|event| event.parse().ok()).collect();
    assert!(steps.len() < 100, "of steps that come fast the newest is written: {}", steps.len());
    let last = Steps { done: 1_000, total: Some(1_000), message: "stepping".to_owned() };
    assert_eq!(steps.last(), Some(&last));
    worker.drain().await;
}

#[tokio::test]
async fn a_flow_fans_out_and_its_join_gets_every_result_in_order() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 4);
    let mut root = system.envelope(JobId::generate(), Probe::Echo("root".into()));
    root.on_success = serde_json::from_value(json!([{
        "all": [
            {"kind": "probe", "with": {"/Echo": ""}},
            {"kind": "probe", "body": "Reject"},
            {"kind": "nobody", "body": 1},
        ],
        "join": {"kind": "probe", "with": {"/Echo": "/results/0/output"},
            "on_success": [{"kind": "probe", "body": {"Echo": "end"}}]},
    }]))
    .unwrap();
    let job = system.send(&root).await;
    let of = |id: JobId| JobRef { tenant: system.tenant.clone(), id };
    let join = of(root.id.derived("on_success.0.join"));
    assert_eq!(system.events(&join).await.last().unwrap().data, json!("root"));
    let end = of(join.id.derived("on_success.0"));
    let events = system.events(&end).await;
    assert_eq!(types(&events), ["accepted", "started", "done"]);
    let accepted = events[0].parse::<Accepted>().unwrap();
    assert_eq!(accepted.origin, Some(Origin { root: job.id, parent: join.id }));
    // A job without workers ends like any other: with a row, a log and a dead letter.
    let nobody = of(root.id.derived("on_success.0.2"));
    assert_eq!(types(&system.events(&nobody).await), ["accepted", "failed"]);
    assert!(matches!(system.ledger.ended(&nobody).await.unwrap().unwrap().outcome, Outcome::Failed(_)));
    system.settled().await;
    assert_eq!(dead(&system).await.len(), 2);
    worker.drain().await;
}

#[tokio::test]
async fn a_failed_job_takes_the_other_branch_and_sees_the_failure() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let mut root = system.envelope(JobId::generate(), Probe::Reject);
    root.on_success = serde_json::from_value(json!([{"kind": "probe", "body": {"Echo": "never"}}])).unwrap();
    root.on_failure = serde_json::from_value(json!([{"kind": "probe", "with": {"/Echo": "/code"}}])).unwrap();
    system.send(&root).await;
    let other = JobRef { tenant: system.tenant.clone(), id: root.id.derived("on_failure.0") };
    assert_eq!(system.events(&other).await.last().unwrap().data, json!("told_to"));
    let never = JobRef { tenant: system.tenant.clone(), id: root.id.derived("on_success.0") };
    assert_eq!(system.bus.last(&never).await.unwrap(), None);
    worker.drain().await;
}

#[tokio::test]
async fn a_flow_that_is_too_wide_fails_its_job() {
    let system = System::start().await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let mut root = system.envelope(JobId::generate(), Probe::Echo("x".into()));
    let one = json!({"kind": "probe", "body": {"Echo": "x"}});
    // Two fans: each is allowed, both together are too wide.
    root.on_success = serde_json::from_value(json!([{"all": vec![&one; 2]}, {"all": vec![&one; 999]}])).unwrap();
    let job = system.send(&root).await;
    let events = system.events(&job).await;
    assert_eq!(events.last().unwrap().parse::<Failure>().unwrap().code, "flow_too_wide");
    assert!(matches!(system.ledger.ended(&job).await.unwrap().unwrap().outcome, Outcome::Failed(_)));
    worker.drain().await;
}
