//! The whole path of a no-op job, beside raw async-nats.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use ruche_bus::{Bus, Headers, Message, nats::Nats};
use ruche_schemas::{Envelope, Job, JobId, JobRef, Lane, TenantId, clock};
use ruche_services::testing::unique;
use ruche_store::{
    ledger::Ledger,
    objects::Claims,
    postgres::{Application, Postgres},
};
use ruche_workers::{
    registry::handler,
    runtime::{self, Metrics, Options, Parts, Shutdown},
};

use crate::{
    alone::Alone,
    noop::{Noop, NoopHandler},
    queue,
    raw::{self, BODY, IN_FLIGHT, per_second},
    servers::{Servers, settings},
    table::{Latencies, table},
};

const SLOTS: usize = 256;

pub const ACK_WAIT: Duration = Duration::from_secs(30);

pub async fn measure(servers: &Servers, jobs: usize, trips: usize) -> Result<()> {
    println!("Jobs that do nothing, {BODY} bytes, {SLOTS} slots, one worker; NATS file storage, Postgres fsync on.\n");
    let raw_rate = raw::throughput(&servers.nats, jobs).await?;
    let raw_trip = raw::round_trip(&servers.nats, "trip", trips).await?;
    let mut rows = table(&["path", "jobs/s", "of raw", "round trip p50 ms", "p99 ms"]);
    let raw_name = "raw async-nats: publish, consume, confirmed ack";
    rows.add_row([raw_name.to_owned(), format!("{raw_rate:.0}"), "1.00".into(), raw_trip.ms(0.5), raw_trip.ms(0.99)]);
    let rate = queue::throughput(servers, jobs).await?;
    let share = format!("{:.2}", rate / raw_rate);
    rows.add_row(["Ruche, the queue alone".to_owned(), format!("{rate:.0}"), share, String::new(), String::new()]);
    let paths = [
        ("Ruche, without a commit", Commits::None),
        ("Ruche, with a Postgres commit for each job", Commits::Alone),
        ("Ruche, with Postgres commits that share transactions", Commits::Shared),
    ];
    for (name, commits) in paths {
        let path = Path::open(servers, commits).await?;
        let rate = path.throughput(jobs).await?;
        let trip = path.round_trip(trips).await?;
        path.close().await?;
        let share = format!("{:.2}", rate / raw_rate);
        rows.add_row([name.to_owned(), format!("{rate:.0}"), share, trip.ms(0.5), trip.ms(0.99)]);
    }
    println!("{rows}\n");
    println!("Ruche's rows hold more than the raw one: the job's last event, with a fence, beside the job.\n");
    Ok(())
}

/// How outcomes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commits {
    /// Ephemeral jobs: in events only.
    None,
    /// In a transaction each.
    Alone,
    /// As in production: those that wait at the same moment in one transaction.
    Shared,
}

type Working = tokio::task::JoinHandle<Result<(), ruche_bus::Unavailable>>;

/// Starts a worker of no-op jobs.
pub fn worker(bus: Arc<dyn Bus>, ledger: Arc<dyn Ledger>) -> (Shutdown, Working) {
    let parts = Parts {
        bus,
        ledger,
        claims: Claims::none(),
        handler: handler(NoopHandler),
        metrics: Metrics::register(&mut Default::default()),
        clock: Arc::new(clock::System),
        heartbeats: tokio::runtime::Handle::current(),
        versions: runtime::versions(&ruche_schemas::kinds::all()),
    };
    let slots = NonZeroUsize::new(SLOTS).unwrap_or(NonZeroUsize::MIN);
    let options = Options { name: unique("worker"), slots, ack_wait: ACK_WAIT, ..Options::default() };
    let shutdown = Shutdown::default();
    let worker = tokio::spawn(runtime::run(parts, options, shutdown.clone()));
    (shutdown, worker)
}

struct Path {
    bus: Arc<dyn Bus>,
    tenant: TenantId,
    ephemeral: bool,
    shutdown: Shutdown,
    worker: Working,
}

impl Path {
    async fn open(servers: &Servers, commits: Commits) -> Result<Self> {
        let (config, name) = settings(servers)?;
        ruche_migrations::up(&servers.postgres, &name).await?;
        let nats = Nats::connect(&config.nats, ACK_WAIT).await?;
        nats.ensure(&[Noop::KIND]).await?;
        let bus: Arc<dyn Bus> = Arc::new(nats);
        let ledger: Arc<dyn Ledger> = match commits {
            Commits::Alone => Arc::new(Alone::connect(&config.postgres)?),
            Commits::None | Commits::Shared => Arc::new(Postgres::connect(&config.postgres, Application::WORKER)?),
        };
        let (shutdown, worker) = worker(bus.clone(), ledger);
        Ok(Self { bus, tenant: "bench".parse()?, ephemeral: commits == Commits::None, shutdown, worker })
    }

    async fn publish(&self) -> Result<JobRef> {
        let job = JobRef { tenant: self.tenant.clone(), id: JobId::generate() };
        let body = Noop { filling: "x".repeat(BODY) };
        let now = SystemTime::now().into();
        let mut envelope = Envelope::new(job.id, self.tenant.clone(), Lane::Normal, now, body);
        envelope.ephemeral = self.ephemeral;
        let payload = serde_json::to_vec(&envelope)?.into();
        let (kind, lane, headers) = (Noop::KIND, Lane::Normal, Headers::new());
        let message = Message { job: job.clone(), kind, lane, payload, headers, first_seq: None };
        self.bus.publish(message).await?;
        Ok(job)
    }

    /// Publishes while the worker runs; jobs per second until the last is settled.
    async fn throughput(&self, jobs: usize) -> Result<f64> {
        let start = Instant::now();
        let published = stream::iter(0..jobs).map(|_| self.publish());
        published.buffer_unordered(IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await?;
        while self.bus.depth().await?.iter().any(|lane| lane.waiting + lane.in_flight > 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(per_second(jobs, start.elapsed()))
    }

    /// From publishing to the final event, one after the other.
    async fn round_trip(&self, trips: usize) -> Result<Latencies> {
        let mut latencies = Latencies::default();
        for _ in 0..trips {
            let start = Instant::now();
            let job = self.publish().await?;
            let mut events = self.bus.watch(&job, 1).await?;
            while events.next().await.transpose()?.is_some_and(|event| !event.event.is_final()) {}
            latencies.add(start.elapsed());
        }
        Ok(latencies)
    }

    async fn close(self) -> Result<()> {
        self.shutdown.request();
        Ok(self.worker.await??)
    }
}
