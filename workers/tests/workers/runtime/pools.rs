//! Jobs that name a model which only the workers of a pool have.

use std::num::NonZeroUsize;

use ruche_bus::{WorkerRegistration, WorkerState};
use ruche_schemas::{Envelope, EventType, Job, JobId, Lane, clock};
use serde_json::json;

use super::{
    probe::{MODEL, Probe, ProbeHandler, TIMEOUT},
    support::System,
};

fn registration(pool: &str) -> WorkerRegistration {
    WorkerRegistration {
        kind: Probe::KIND,
        worker: "of-the-pool".to_owned(),
        host: String::new(),
        labels: std::collections::BTreeMap::new(),
        gpu: None,
        models: vec![pool.to_owned()],
        pool: Some(pool.to_owned()),
        slots: 1,
        in_flight: 0,
        ended: std::collections::BTreeMap::new(),
        reconcilers: Vec::new(),
        state: WorkerState::Running,
        version: "0".to_owned(),
        since: clock::now(),
    }
}

/// A job that names a model, as a program on NATS publishes it.
async fn naming(system: &System, model: &str) -> ruche_schemas::JobRef {
    let (id, at) = (JobId::generate(), clock::now());
    let body = json!({"model": model});
    let envelope = Envelope::of(Probe::KIND, Probe::VERSION, id, system.tenant.clone(), Lane::Normal, at, body);
    system.publish(id, serde_json::to_vec(&envelope).unwrap()).await
}

#[tokio::test]
async fn a_worker_hands_on_a_job_for_a_pool_and_does_the_others() {
    let system = System::start().await;
    let (quoting, probe) = ("quoting-model", ProbeHandler::new());
    system.bus.register(&registration(quoting)).await.unwrap();
    let mut pool = system.bus.consume_pool(&Probe::KIND, quoting).await.unwrap();
    let worker = system.worker(&probe, 4);
    let job = naming(&system, quoting).await;
    let delivery = pool.next(NonZeroUsize::MIN).await.remove(0);
    assert_eq!((&delivery.job, delivery.attempt), (&job, 1));
    assert_eq!(system.bus.last(&job).await.unwrap(), None, "nothing was written about it");
    delivery.done().await.unwrap();
    let plain = system.submit(Probe::Echo("a".into())).await;
    assert_eq!(system.events(&plain).await.last().unwrap().event, EventType::Done);
    // It is this worker's to refuse: there is no such pool, or the model is its own.
    for model in ["unheard-of", MODEL] {
        let job = naming(&system, model).await;
        assert_eq!(system.events(&job).await.last().unwrap().event, EventType::Failed, "{model}");
    }
    worker.drain().await;
}

#[tokio::test]
async fn while_workers_register_a_job_for_a_pool_waits_for_it() {
    let system = System::start().await;
    let (quoting, probe) = ("quoting-model", ProbeHandler::new());
    let worker = system.worker(&probe, 4);
    assert_eq!(system.bus.knows_all_workers().await, Ok(false), "the streams have just been created");
    let job = naming(&system, quoting).await;
    // The worker has had it before the pool registers.
    let waits = async { while system.bus.depth().await.unwrap().iter().any(|depth| depth.waiting > 0) {} };
    tokio::time::timeout(TIMEOUT, waits).await.expect("in time");
    system.bus.register(&registration(quoting)).await.unwrap();
    let mut pool = system.bus.consume_pool(&Probe::KIND, quoting).await.unwrap();
    let delivery = pool.next(NonZeroUsize::MIN).await.remove(0);
    assert_eq!((&delivery.job, delivery.attempt), (&job, 1));
    delivery.done().await.unwrap();
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_of_a_pool_takes_its_jobs_and_no_others_and_says_so() {
    let mut system = System::start().await;
    system.options.pool = Some(MODEL.to_owned());
    let probe = ProbeHandler::new();
    let worker = system.worker(&probe, 4);
    let other = system.submit(Probe::Echo("b".into())).await;
    let job = system.submit_to(MODEL, Probe::Echo("a".into())).await;
    assert_eq!(system.events(&job).await.last().unwrap().event, EventType::Done);
    assert_eq!((probe.runs(&job), probe.runs(&other)), (1, 0));
    let registered = system.bus.workers().await.unwrap();
    let own = registered.iter().find(|registered| registered.worker == worker.name).unwrap();
    assert_eq!((own.pool.as_deref(), &own.models[..]), (Some(MODEL), &[MODEL.to_owned()][..]));
    worker.drain().await;
}
