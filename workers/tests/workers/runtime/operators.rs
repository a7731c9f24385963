//! Pauses and caps that operators set, and the end that they ask for, with a real NATS and a real Postgres.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use futures::StreamExt;
use ruche_bus::{Caps, Pause, WorkerRegistration, WorkerState};
use ruche_schemas::{
    EventType, Job, JobId, JobRef, Lane, Record,
    clock::{self, Clock},
    event::Outcome,
};
use ruche_services::testing;
use ruche_store::ledger::{Committed, Ended, Ledger};
use ruche_workers::reconcilers::{self, Reconciler, Retention, Scheduled, Tracker};
use serde_json::json;

use crate::runtime::{
    probe::{Probe, ProbeHandler},
    support::System,
    types,
};

/// Waits until this worker registers like this.
async fn registered(system: &System, worker: &str, like: impl Fn(&WorkerRegistration) -> bool) {
    while !system.bus.workers().await.unwrap().iter().any(|found| found.worker == worker && like(found)) {
        tokio::task::yield_now().await;
    }
}

/// Waits until the server has told all subscribers of this pause.
async fn paused(system: &System, pause: &Pause) {
    system.bus.set_paused(pause, true).await.unwrap();
    let mut holds = system.bus.pauses().await.unwrap();
    while !holds.next().await.unwrap().contains(pause) {}
}

async fn ended_at(system: &System, at: DateTime<Utc>) -> JobRef {
    let job = JobRef { tenant: system.tenant.clone(), id: JobId::generate() };
    let ended = Ended {
        job: job.clone(),
        kind: Probe::KIND,
        lane: Lane::Normal,
        attempt: 1,
        outcome: Outcome::Done(json!("x")),
        created_at: at,
        ended_at: at,
        trace_id: None,
        writes: Vec::new(),
        origin: None,
        member: None,
        children: Vec::new(),
        objects: false,
    };
    assert_eq!(system.ledger.commit(&ended).await.unwrap(), Committed::Stored);
    job
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_in_the_background() {
    let system = System::start().await;
    let now = clock::now();
    let (old, young) = (ended_at(&system, now - TimeDelta::days(8)).await, ended_at(&system, now).await);
    let clock: Arc<dyn Clock> = Arc::new(clock::System);
    let retention = |days| {
        let (claims, clock, interval) = (system.claims.clone(), clock.clone(), Duration::from_millis(10));
        Retention { store: system.ledger.clone(), claims, clock, days, interval }
    };
    retention(0).run(&Tracker::new("retention", clock.clone())).await.unwrap();
    assert!(system.ledger.ended(&old).await.unwrap().is_some(), "0 days keep all for ever");
    let scheduled = Scheduled::new(Arc::new(retention(7)), clock.clone(), reconcilers::Metrics::default());
    let forgetting = tokio::spawn(scheduled.clone().run());
    while system.ledger.ended(&old).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    assert!(system.ledger.ended(&young).await.unwrap().is_some());
    while scheduled.status().changes == 0 {
        tokio::task::yield_now().await;
    }
    forgetting.abort();
}

/// The job's first event by a worker.
async fn started(system: &System, job: &JobRef) -> Record {
    let mut events = system.events(job).await;
    assert_eq!(events.last().map(|event| event.event), Some(EventType::Done), "{events:?}");
    events.swap_remove(0)
}

#[tokio::test]
async fn a_paused_kind_waits_until_it_is_resumed() {
    let system = System::start().await;
    let pause = Pause::Kind(Probe::KIND);
    paused(&system, &pause).await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 2);
    let job = system.submit(Probe::Echo("a".into())).await;
    registered(&system, &worker.name, |_| true).await;
    let depth = system.depth().await;
    assert_eq!((depth[1].waiting, depth[1].in_flight), (1, 0), "it is accepted, and nobody takes it");
    let resumed = clock::now();
    system.bus.set_paused(&pause, false).await.unwrap();
    let first = started(&system, &job).await;
    assert!(first.at >= resumed, "it began {} and was resumed {resumed}", first.at);
    worker.drain().await;
}

#[tokio::test]
async fn what_runs_goes_on_when_its_kind_is_paused() {
    let system = System::start().await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let running = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    paused(&system, &Pause::Kind(Probe::KIND)).await;
    let next = system.submit(Probe::Echo("next".into())).await;
    probe.gate.add_permits(1);
    started(&system, &running).await;
    let resumed = clock::now();
    system.bus.set_paused(&Pause::Kind(Probe::KIND), false).await.unwrap();
    assert!(started(&system, &next).await.at >= resumed);
    worker.drain().await;
}

#[tokio::test]
async fn a_paused_tenants_jobs_are_deferred_and_others_go_on() {
    let system = System::start().await;
    let pause = Pause::Tenant(system.tenant.clone());
    paused(&system, &pause).await;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 1);
    let job = system.submit(Probe::Echo("a".into())).await;
    let other = system.submit_for("other", Probe::Echo("b".into())).await;
    started(&system, &other).await;
    // It occupies neither a worker nor the queue.
    system.settled().await;
    let queued = system.bus.queued(&Probe::KIND, &system.tenant, 0, 10).await.unwrap();
    assert_eq!((queued.len(), &queued[0].job, queued[0].run_at.is_some()), (1, &job, true));
    let resumed = clock::now();
    system.bus.set_paused(&pause, false).await.unwrap();
    let first = started(&system, &job).await;
    assert!(first.at >= resumed && first.attempt == 1, "being put aside is no attempt: {first:?}");
    worker.drain().await;
}

#[tokio::test]
async fn one_worker_drains_while_another_goes_on() {
    let system = System::start().await;
    let (probe, other_probe) = (ProbeHandler::new(), ProbeHandler::new());
    let drained = system.worker(&probe, 2);
    let running = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    let pause = Pause::Worker(drained.name.clone());
    system.bus.set_paused(&pause, true).await.unwrap();
    registered(&system, &drained.name, |worker| worker.state == WorkerState::Draining).await;
    let other = system.worker(&other_probe, 1);
    for n in 0..10 {
        let job = system.submit(Probe::Echo(n.to_string())).await;
        assert_eq!(started(&system, &job).await.data["worker"], other.name.as_str());
    }
    probe.gate.add_permits(1);
    assert_eq!(started(&system, &running).await.data["worker"], drained.name.as_str());
    registered(&system, &drained.name, |worker| worker.in_flight == 0).await;
    other.drain().await;
    system.bus.set_paused(&pause, false).await.unwrap();
    let job = system.submit(Probe::Echo("again".into())).await;
    assert_eq!(started(&system, &job).await.data["worker"], drained.name.as_str());
    drained.drain().await;
}

#[tokio::test]
async fn a_tenant_has_no_more_jobs_at_once_than_its_cap_on_all_workers_together() {
    let mut system = System::start().await;
    system.options.in_flight = 2;
    let probe = ProbeHandler::new();
    let workers = [system.worker(&probe, 4), system.worker(&probe, 4)];
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(system.submit(Probe::Gated).await);
    }
    for _ in 0..2 {
        probe.wait_for_begin().await;
    }
    // Another tenant's job is not affected.
    let other = system.submit_for("other", Probe::Echo("b".into())).await;
    started(&system, &other).await;
    probe.gate.add_permits(6);
    for job in &jobs {
        assert_eq!(started(&system, job).await.attempt, 1);
    }
    assert_eq!(*probe.running.lock().unwrap(), (0, 2), "never more than two at once");
    for worker in workers {
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_tenants_own_cap_counts_without_a_restart() {
    let mut system = System::start().await;
    system.options.in_flight = 1;
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 4);
    let caps = Caps { in_flight: Some(3), ..Caps::default() };
    let first = system.submit(Probe::Gated).await;
    probe.wait_for_begin().await;
    system.bus.set_caps(&system.tenant, Some(&caps)).await.unwrap();
    let mut jobs = vec![first];
    for _ in 0..3 {
        jobs.push(system.submit(Probe::Gated).await);
    }
    for _ in 0..2 {
        probe.wait_for_begin().await;
    }
    probe.gate.add_permits(4);
    for job in &jobs {
        started(&system, job).await;
    }
    assert_eq!(probe.running.lock().unwrap().1, 3, "three at once, and not four");
    worker.drain().await;
}

#[tokio::test]
async fn a_workers_background_tasks_are_in_its_registration() {
    let mut system = System::start().await;
    let tracker = Arc::new(Tracker::new("tidying", system.clock.clone()));
    tracker.changed(3);
    let shared = tracker.clone();
    system.options.reconcilers = Arc::new(move || vec![shared.status()]);
    let worker = system.worker(&ProbeHandler::new(), 1);
    registered(&system, &worker.name, |found| found.reconcilers == [tracker.status()]).await;
    worker.drain().await;
}

#[tokio::test]
async fn events_have_the_time_of_the_runtimes_clock() {
    let mut system = System::start().await;
    let later = clock::now().trunc_subsecs(6) + TimeDelta::days(1);
    system.clock = Arc::new(clock::Manual::new(later));
    let worker = system.worker(&ProbeHandler::new(), 1);
    let job = system.submit(Probe::FailOnce).await;
    let events = system.events(&job).await;
    assert!(events.len() > 2 && events.iter().all(|event| event.at == later), "{events:?}");
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_that_is_told_to_end_while_the_bus_is_away_ends_without_an_error() {
    let nats = testing::nats().await;
    let system = System::on(&nats.url(), &testing::shared_postgres().await).await;
    let worker = system.worker(&ProbeHandler::new(), 1);
    let job = system.submit(Probe::Echo("hello".into())).await;
    assert_eq!(types(&system.events(&job).await), ["started", "done"]);
    system.settled().await;
    nats.stop().await;
    worker.drain().await;
}
