//! The permissions of each role on a real server: what the role needs, and nothing else.

use std::{fs, path::Path, time::Duration};

use chrono::TimeDelta;
use futures::{FutureExt, StreamExt};
use ruche_bus::{
    Bus, DeadFilter, DeadLetterQueue, Every, FlowControl, Pause, Schedule, Scheduler, WorkerRegistration, WorkerState,
    nats::Nats,
};
use ruche_schemas::{EventType, Failure, JobId, Kind, Lane, clock, config, failure::codes, kinds};
use ruche_services::{
    logins::{Login, May, Role},
    testing::{self, TestNats},
};

use crate::suite::{self, ACK_WAIT, KIND, config, event, grow, job, message, next, queue};

const OTHER: Kind = Kind::new("other");

const PREFIX: &str = "t";

fn gateway(prefix: &str, kinds: &[Kind]) -> Login {
    let may = May::As(Role::Gateway { kinds: kinds.to_vec() }, prefix.to_owned());
    Login { user: "gateway".to_owned(), password: "s3cret".to_owned(), may }
}

fn worker(prefix: &str, kinds: &[Kind], own: &[Kind], user: &str) -> Login {
    let may = May::As(Role::Worker { kinds: kinds.to_vec(), own: own.to_vec() }, prefix.to_owned());
    Login { user: user.to_owned(), password: "s3cret".to_owned(), may }
}

/// A server, with a gateway and a worker on the tests' kind and their roles' logins.
async fn system() -> (TestNats, Nats, Nats) {
    let server = testing::nats_with_logins().await;
    let kinds = [KIND, OTHER];
    let logins = [
        gateway(PREFIX, &kinds),
        worker(PREFIX, &kinds, &[KIND], "worker-probe"),
        worker(PREFIX, &kinds, &[OTHER], "worker-other"),
    ];
    for login in &logins {
        server.admit(login).await;
    }
    let connect = async |login: &Login| {
        let config = config::Nats {
            user: login.user.clone(),
            password: config::Secret(login.password.clone()),
            ..config(&server.url(), PREFIX)
        };
        Nats::connect(&config, ACK_WAIT).await.expect("a connection")
    };
    let (gateway, worker) = (connect(&logins[0]).await, connect(&logins[1]).await);
    gateway.ensure(&kinds).await.expect("streams");
    worker.join(&kinds, &[KIND]).await.expect("streams");
    (server, gateway, worker)
}

fn clean(server: &TestNats) {
    for user in ["gateway", "worker-probe"] {
        assert_eq!(server.violations(user), Vec::<String>::new());
    }
}

/// The violations that the server logs while a program with this login runs `what`.
async fn tries(server: &TestNats, user: &str, what: impl AsyncFnOnce(&async_nats::Client)) -> Vec<String> {
    let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), "s3cret".to_owned());
    let inbox = format!("_INBOX_{}", user.replace('-', "_"));
    let client = options.custom_inbox_prefix(inbox).connect(server.url()).await.expect("a connection");
    what(&client).await;
    // The server answers in order: after this answer it has logged every earlier violation.
    let _ = client.request("$JS.API.STREAM.INFO.T_EVENTS", "".into()).await.expect("an answer");
    server.violations(user)
}

#[test]
fn the_roles_in_the_servers_configuration_are_not_stale() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../nats/roles.conf"));
    let kinds: Vec<Kind> = kinds::all().into_iter().map(|descriptor| descriptor.kind).collect();
    let roles = [
        (gateway("ruche", &kinds).entry("$NATS_GATEWAY_PASSWORD"), "makes the streams, publishes jobs, takes none"),
        (worker("ruche", &kinds, &kinds, "worker").entry("$NATS_WORKER_PASSWORD"), "takes jobs of all kinds"),
    ];
    let mut text = "# Who may do what: made from schemas/src/topology/rows.rs by UPDATE_SNAPSHOTS=1 make test.\n\
         # README.md says what each role is for.\nusers: [\n# Everything: for people with the tools of NATS.\n\
         { user: $NATS_USER, password: $NATS_PASSWORD }\n"
        .to_owned();
    for (entry, what) in roles {
        text.push_str(&format!("# It {what}.\n{entry}"));
    }
    text.push_str("]\n");
    let readme = fs::read_to_string(path.with_file_name("README.md")).expect("nats/README.md");
    let producer = May::As(Role::Producer { tenant: suite::tenant("acme") }, "ruche".to_owned());
    let producer = Login { user: "acme-etl".to_owned(), password: String::new(), may: producer }.entry("");
    for subject in producer.split('"').filter(|part| part.contains("acme") && *part != "acme-etl") {
        assert!(readme.contains(&format!("\"{subject}\"")), "nats/README.md shows other permissions: {subject}");
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(path, &text).expect("a snapshot");
    }
    let committed = fs::read_to_string(path).expect("nats/roles.conf");
    assert!(committed == text, "nats/roles.conf is stale: run the tests once with UPDATE_SNAPSHOTS=1");
}

#[tokio::test]
async fn the_way_of_a_job_is_open_to_its_roles() {
    let (server, gateway, worker) = system().await;
    let mut cancelled = worker.cancellations().await.expect("a listener");
    let mut held = worker.pauses().await.expect("pauses");
    let job = job();
    assert!(held.next().await.is_some_and(|pauses| pauses.is_empty()));
    gateway.ready().await.expect("a bus");
    gateway.publish(message(&job, Lane::Normal)).await.expect("a receipt");
    let accepted = event(1, EventType::Accepted);
    let sequence = gateway.append(&job, 0, &accepted).await.expect("an append");
    assert_eq!(gateway.append(&job, 0, &accepted).await, Ok(sequence), "said twice is said once");
    let mut queue = queue(&worker).await;
    let delivery = next(&mut queue).await;
    delivery.extender().extend().await.expect("a sign of life");
    assert!(!worker.is_cancelled(&job).await.expect("an answer"));
    grow(&worker, &job, sequence, 2, 4).await;
    assert_eq!(worker.replay(&job).await.expect("a log").len(), 4);
    let slot = worker.acquire_slot(&KIND, &job.tenant, 1, job.id).await.expect("an answer").expect("a slot");
    slot.renew().await.expect("the slot");
    slot.release().await;
    delivery.retry(Duration::ZERO).await.expect("a confirmation");
    next(&mut queue).await.defer(clock::now(), false).await.expect("a confirmation");
    let watched = gateway.watch(&job, 1).await.expect("a watch").take(4).count().await;
    assert_eq!(watched, 4);
    gateway.cancel(&job).await.expect("a cancellation");
    assert_eq!(cancelled.next().await.as_ref(), Some(&job));
    let failure = Failure::new(codes::INVALID, "no");
    next(&mut queue).await.reject(&worker, failure, 1, clock::now()).await.expect("a confirmation");
    let stored = gateway.get_dead_letter(&job).await.expect("an answer").expect("a letter");
    assert!(worker.get_dead_letter(&job).await.expect("an answer").is_some());
    assert_eq!(gateway.list_dead_letters(&DeadFilter::default(), 0, 10).await.expect("letters").len(), 1);
    assert!(gateway.remove_dead_letter(stored.sequence).await.expect("an answer"));
    let mut pool = worker.consume_pool(&KIND, "m").await.expect("a queue");
    let headers = ruche_bus::Headers::from([(ruche_bus::POOL.to_owned(), "m".to_owned())]);
    let pooled = ruche_bus::Message { headers, ..message(&suite::job(), Lane::Bulk) };
    gateway.publish(pooled).await.expect("a receipt");
    next(&mut pool).await.done().await.expect("a confirmation");
    worker.publish(message(&suite::job(), Lane::Normal)).await.expect("a receipt");
    next(&mut queue).await.forward("m").await.expect("a confirmation");
    next(&mut pool).await.done().await.expect("a confirmation");
    pool.close().await;
    // A follow-up may be of any kind.
    worker.publish(ruche_bus::Message { kind: OTHER, ..message(&suite::job(), Lane::Bulk) }).await.expect("a receipt");
    queue.close().await;
    clean(&server);
}

#[tokio::test]
async fn whoever_connects_while_the_server_reads_its_settings_again_is_let_in() {
    let server = testing::nats_with_logins().await;
    let login = gateway(PREFIX, &[KIND]);
    server.admit(&login).await;
    let config = config::Nats {
        user: login.user.clone(),
        password: config::Secret(login.password.clone()),
        ..config(&server.url(), PREFIX)
    };
    let done = std::sync::atomic::AtomicBool::new(false);
    let admitting = async {
        let mut number = 0;
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            number += 1;
            server.admit(&worker(PREFIX, &[KIND], &[KIND], &format!("worker-{}", number % 20))).await;
        }
    };
    let connecting = async {
        for _ in 0..100 {
            Nats::connect(&config, ACK_WAIT).await.expect("a connection");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    tokio::join!(admitting, connecting);
    let wrong = config::Nats { password: config::Secret("x".to_owned()), ..config };
    let error = Nats::connect(&wrong, ACK_WAIT).await.expect_err("refused").to_string();
    assert!(error.contains("refuses user \"gateway\""), "{error}");
}

#[tokio::test]
async fn operators_reach_all_that_they_steer_through_the_gateway() {
    let (server, gateway, worker) = system().await;
    let job = job();
    let later = clock::now() + TimeDelta::hours(1);
    gateway.publish_at(message(&job, Lane::Normal), later).await.expect("a receipt");
    assert_eq!(gateway.queued(&KIND, &job.tenant, 0, 10).await.expect("jobs").len(), 1);
    assert_eq!(gateway.backlog(&KIND, &job.tenant).await.expect("a number"), 1);
    assert!(gateway.unpublish(&KIND, &job).await.expect("an answer"));
    let schedule = Schedule {
        name: "nightly".to_owned(),
        tenant: job.tenant.clone(),
        kind: KIND,
        lane: Lane::Bulk,
        every: Every::Interval(Duration::from_secs(3600)),
        payload: message(&job, Lane::Bulk).payload,
        paused: false,
        since: later,
        next: None,
    };
    gateway.schedule(&schedule).await.expect("a schedule");
    assert_eq!(gateway.schedules(&job.tenant).await.expect("schedules").len(), 1);
    assert!(gateway.unschedule(&job.tenant, "nightly").await.expect("an answer"));
    let (key, window) = ("k", Duration::from_secs(60));
    assert_eq!(gateway.reserve(&KIND, &job.tenant, key, window, job.id).await, Ok(None));
    let other = gateway.reserve(&KIND, &job.tenant, key, window, JobId::generate()).await;
    assert_eq!(other, Ok(Some(job.id)));
    let mut held = worker.pauses().await.expect("pauses");
    gateway.set_paused(&Pause::Kind(KIND), true).await.expect("a pause");
    while !held.next().await.expect("pauses").contains(&Pause::Kind(KIND)) {}
    let registration = WorkerRegistration {
        kind: KIND,
        worker: "w-1".to_owned(),
        host: String::new(),
        labels: std::collections::BTreeMap::new(),
        gpu: None,
        models: Vec::new(),
        pool: None,
        slots: 1,
        in_flight: 0,
        ended: std::collections::BTreeMap::new(),
        reconcilers: Vec::new(),
        state: WorkerState::Running,
        version: String::new(),
        since: clock::now(),
    };
    worker.register(&registration).await.expect("a registration");
    assert_eq!(gateway.workers().await.expect("workers").len(), 1);
    assert_eq!(worker.workers().await.expect("workers").len(), 1);
    worker.deregister(&registration).await.expect("a registration");
    assert_eq!(gateway.depth().await.expect("depths").len(), 2 * Lane::ALL.len());
    // The pull for advisories is allowed, also if there is none.
    let mut exceeded = worker.watch_max_deliveries().await.expect("a watch");
    assert!(tokio::time::timeout(Duration::from_millis(500), exceeded.next()).await.is_err());
    clean(&server);
}

#[tokio::test]
async fn a_worker_makes_what_is_missing_and_changes_nothing() {
    let (server, _gateway, worker) = system().await;
    let operator = async_nats::ConnectOptions::with_user_and_password("operator".to_owned(), "s3cret".to_owned());
    let raw = async_nats::jetstream::new(operator.connect(server.url()).await.expect("a connection"));
    let mut dead = raw.get_stream("T_DEAD").await.expect("a stream").cached_info().config.clone();
    dead.max_age = Duration::from_secs(3600);
    raw.update_stream(dead.clone()).await.expect("a change");
    raw.delete_stream("T_JOBS_PROBE").await.expect("a deletion");
    worker.join(&[KIND, OTHER], &[KIND]).await.expect("streams");
    assert_eq!(raw.get_stream("T_DEAD").await.expect("a stream").cached_info().config, dead);
    raw.get_stream("T_JOBS_PROBE").await.expect("made again");
    clean(&server);
}

#[tokio::test]
async fn a_worker_takes_no_jobs_of_another_kind() {
    let (server, gateway, _worker) = system().await;
    gateway.publish(message(&job(), Lane::Normal)).await.expect("a receipt");
    let refused = tries(&server, "worker-other", async |client| {
        let inbox = "_INBOX_worker_other.x";
        let mut answers = client.subscribe(inbox).await.expect("a subscription");
        let pull = "$JS.API.CONSUMER.MSG.NEXT.T_JOBS_PROBE.normal";
        client.publish_with_reply(pull, inbox, "1".into()).await.expect("sent");
        client.publish("$JS.ACK.T_JOBS_PROBE.normal.1.1.1.1.0", "+ACK".into()).await.expect("sent");
        let _ = client.request("$JS.API.STREAM.INFO.T_EVENTS", "".into()).await.expect("an answer");
        assert!(answers.next().now_or_never().is_none(), "nothing was handed out");
    });
    assert_eq!(refused.await.len(), 2);
    let depths = gateway.depth().await.expect("depths");
    assert_eq!(depths.iter().map(|depth| depth.waiting).sum::<u64>(), 1);
}

#[tokio::test]
async fn no_role_reads_what_is_said_to_another() {
    let (server, _gateway, _worker) = system().await;
    let inboxes = ["_INBOX_gateway.>", "_INBOX_worker_probe.>", "_INBOX.>", ">", "t.live.*.*"];
    let refused = tries(&server, "worker-other", async |client| {
        for subject in inboxes {
            let _ = client.subscribe(subject).await.expect("sent");
        }
    });
    assert_eq!(refused.await.len(), inboxes.len());
}

#[tokio::test]
async fn a_worker_does_nothing_in_the_name_of_operators() {
    let (server, _gateway, _worker) = system().await;
    let subjects = [
        "t.pause.kind.probe",
        "t.cancel.acme.0198c0de-0000-7000-8000-000000000000",
        "t.recurring.other.acme.nightly",
        "t.worker.probe.w-1",
        "$JS.API.STREAM.UPDATE.T_EVENTS",
        "$JS.API.STREAM.PURGE.T_EVENTS",
        "$JS.API.STREAM.DELETE.T_EVENTS",
        "$JS.API.STREAM.MSG.DELETE.T_DEAD",
        "$JS.API.CONSUMER.CREATE.T_EVENTS.spy",
    ];
    let refused = tries(&server, "worker-other", async |client| {
        for subject in subjects {
            client.publish(subject, "{}".into()).await.expect("sent");
        }
    });
    assert_eq!(refused.await.len(), subjects.len());
}

#[tokio::test]
async fn a_gateway_takes_no_jobs() {
    let (server, gateway, _worker) = system().await;
    gateway.publish(message(&job(), Lane::Interactive)).await.expect("a receipt");
    let subjects = [
        "$JS.API.CONSUMER.MSG.NEXT.T_JOBS_PROBE.interactive",
        "$JS.ACK.T_JOBS_PROBE.interactive.1.1.1.1.0",
        "$JS.API.STREAM.MSG.DELETE.T_JOBS_PROBE",
        "$JS.API.STREAM.PURGE.T_JOBS_PROBE",
        "t.worker.probe.w-1",
        "t.slot.probe.acme.0",
        "t.dead.probe.acme.0",
    ];
    let refused = tries(&server, "gateway", async |client| {
        for subject in subjects {
            client.publish(subject, "1".into()).await.expect("sent");
        }
    });
    assert_eq!(refused.await.len(), subjects.len());
}
