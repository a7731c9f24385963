//! A seventh kind needs a schema file, a handler file, two rows and this test. The kind is not Ruche's own, and is
//! tested with its settings, streams, NATS logins, worker and ledger.

use std::time::Duration;

use self::schema::{Counted, Toy, WORDS};
use futures::StreamExt;
use prometheus_client::{encoding::text::encode, registry::Registry};
use ruche_bus::{Bus, Message, nats::Nats};
use ruche_schemas::{
    Envelope, EventType, Job, JobId, JobRef, Kind, Lane, Record, clock,
    config::{self, Config},
    kinds::{self, Descriptor},
};
use ruche_services::{
    logins::{Login, May, Role},
    testing,
};
use ruche_workers::{kind_metrics::KindMetrics, kinds::Row, program::Program};
use tokio::{runtime::Handle, time::timeout};

mod handler;
mod schema;

/// The row in `schemas/src/kinds/mod.rs`.
fn descriptors() -> Vec<Descriptor> {
    [kinds::all(), vec![Descriptor::of::<Toy>()]].concat()
}

/// The row in `workers/src/kinds/list.rs`.
fn rows() -> Vec<Row> {
    let mut rows = ruche_workers::kinds::all();
    rows.push(Row::of::<Toy>(handler::prepare, &[]));
    rows
}

const PREFIX: &str = "seventh";
const PASSWORD: &str = "s3cret";
const LIMIT: Duration = Duration::from_secs(60);

fn config(nats: &str, postgres: &str, user: &str) -> Config {
    let variables = [
        ("RUCHE_NATS__URL", nats),
        ("RUCHE_NATS__PREFIX", PREFIX),
        ("RUCHE_NATS__USER", user),
        ("RUCHE_NATS__PASSWORD", PASSWORD),
        ("RUCHE_POSTGRES__URL", postgres),
        ("RUCHE_POSTGRES__SCHEMA", PREFIX),
        ("RUCHE_TOY__SEPARATOR", "-"),
    ];
    let variables = variables.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Config::from_layers_for(&descriptors(), None, Some(variables)).expect("settings")
}

fn login(user: &str, role: Role) -> Login {
    Login { user: user.to_owned(), password: PASSWORD.to_owned(), may: May::As(role, PREFIX.to_owned()) }
}

/// Publishes a job, as a gateway does.
async fn submit(bus: &Nats, body: Toy) -> JobRef {
    let job = JobRef { tenant: "acme".parse().expect("a name"), id: JobId::generate() };
    let envelope = Envelope::new(job.id, job.tenant.clone(), Lane::Normal, clock::now(), body);
    let payload = serde_json::to_vec(&envelope).expect("JSON").into();
    let (kind, lane, headers) = (Toy::KIND, Lane::Normal, ruche_bus::Headers::new());
    bus.publish(Message { job: job.clone(), kind, lane, payload, headers, first_seq: None }).await.expect("published");
    job
}

async fn last(bus: &Nats, job: &JobRef) -> Record {
    let events: Vec<_> =
        timeout(LIMIT, bus.watch(job, 1).await.expect("watched").map(|event| event.expect("an event")).collect())
            .await
            .expect("in time");
    events.into_iter().last().expect("a last event")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_with_a_row_in_each_list_is_configured_allowed_worked_on_and_kept() {
    let (nats, postgres) = (testing::nats_with_logins().await, testing::shared_postgres().await);
    let all: Vec<Kind> = descriptors().into_iter().map(|kind| kind.kind).collect();
    nats.admit(&login("gateway", Role::Gateway { kinds: all.clone() })).await;
    nats.admit(&login("worker-toy", Role::Worker { kinds: all.clone(), own: vec![Toy::KIND] })).await;
    ruche_migrations::up(&postgres, PREFIX).await.unwrap();
    let gateway = config(&nats.url(), &postgres, "gateway");
    let bus = Nats::connect(&gateway.nats, Duration::from_secs(2)).await.unwrap();
    bus.ensure(&all).await.unwrap();

    let settings = config(&nats.url(), &postgres, "worker-toy");
    let worker = tokio::spawn(async move {
        let program = Program { kinds: descriptors(), rows: rows() };
        program.serve(&[Toy::KIND], &settings, Handle::current()).await
    });
    let job = submit(&bus, Toy { text: "one-two-three".to_owned() }).await;
    let done = last(&bus, &job).await;
    assert_eq!((done.event, done.parse::<Counted>().unwrap()), (EventType::Done, Counted { words: 3 }));
    let refused = last(&bus, &submit(&bus, Toy { text: "x".repeat(1001) }).await).await;
    assert_eq!((refused.event, &refused.data["param"]), (EventType::Failed, &"text".into()));
    worker.abort();
}

#[test]
fn a_kind_with_a_row_in_the_list_is_in_the_configuration() {
    let text = config::defaults(&descriptors());
    assert!(text.contains("\n[toy]\n# Jobs at once, 1 to 8.\nslots = 2\n"), "{text}");
    assert!(text.contains("\n# What counts words. Without a name there is none.\ntoy = \"\"\n"), "{text}");
}

#[test]
fn a_metric_of_the_descriptor_is_exported() {
    let mut registry = Registry::default();
    let metrics = KindMetrics::register(&mut registry, &Toy::KIND, Toy::METRICS);
    metrics.counter(&WORDS).inc_by(3);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(text.contains(&format!("\n{} 3\n", WORDS.full_name("toy"))), "{text}");
}
