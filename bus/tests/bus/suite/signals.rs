//! Cancellations and registrations of workers.

use chrono::SubsecRound;
use futures::StreamExt;
use ruche_bus::{Bus, WorkerRegistration, WorkerState};
use ruche_schemas::{Kind, clock};

use super::{KIND, job};

pub(crate) async fn a_cancel_reaches_a_listener_and_a_late_asker(bus: &dyn Bus) {
    let (job, other) = (job(), job());
    let mut listener = bus.cancellations().await.expect("a listener");
    let before = clock::now() - chrono::TimeDelta::seconds(10);
    assert_eq!(bus.cancelled_since(before, 10).await, Ok(Vec::new()));
    assert_eq!(bus.is_cancelled(&job).await, Ok(false));
    bus.cancel(&job).await.expect("a cancel");
    assert_eq!(listener.next().await, Some(job.clone()));
    assert_eq!(bus.is_cancelled(&job).await, Ok(true));
    assert_eq!(bus.is_cancelled(&other).await, Ok(false));
    assert_eq!(bus.cancelled_since(before, 10).await, Ok(vec![job.clone()]));
    assert_eq!(bus.cancelled_since(before, 0).await, Ok(Vec::new()));
    // A second request changes nothing.
    bus.cancel(&job).await.expect("a cancel");
    assert_eq!(bus.is_cancelled(&job).await, Ok(true));
}

pub(crate) fn registration(kind: Kind, worker: &str) -> WorkerRegistration {
    WorkerRegistration {
        kind,
        worker: worker.to_owned(),
        host: "host".to_owned(),
        labels: [("zone".to_owned(), "eu".to_owned())].into(),
        gpu: None,
        in_flight: 3,
        ended: std::collections::BTreeMap::new(),
        reconcilers: Vec::new(),
        state: WorkerState::Running,
        models: vec!["tiny-chat-demo".to_owned()],
        pool: None,
        slots: 8,
        version: "0.1.0".to_owned(),
        since: clock::now().trunc_subsecs(3),
    }
}

pub(crate) async fn a_worker_is_known_from_its_registration_until_it_deregisters(bus: &dyn Bus) {
    assert_eq!(bus.workers().await, Ok(Vec::new()));
    let (a, b) = (registration(KIND, "host-1"), registration(KIND, "host-2"));
    let same_name = registration(Kind::new("other"), "host-1");
    for worker in [&b, &a, &same_name, &a] {
        bus.register(worker).await.expect("a registration");
    }
    assert_eq!(bus.workers().await, Ok(vec![same_name.clone(), a, b.clone()]));
    let changed = WorkerRegistration { slots: 4, ..b };
    bus.register(&changed).await.expect("a registration");
    bus.deregister(&registration(KIND, "host-1")).await.expect("a deregistration");
    assert_eq!(bus.workers().await, Ok(vec![same_name, changed]));
}

pub(crate) async fn a_bus_that_is_up_is_ready(bus: &dyn Bus) {
    assert_eq!(bus.ready().await, Ok(()));
    assert_eq!(bus.flush().await, Ok(()));
}
