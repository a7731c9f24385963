//! A system that runs probes: real NATS, real Postgres, its own prefix and schema.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, Depth, Message, nats::Nats};
use ruche_schemas::{
    Claim, Envelope, EventType, Job, JobId, JobRef, Lane, Record, TenantId,
    clock::{self, Clock},
    config::{self, Config},
};
use ruche_services::testing;
use ruche_store::{
    Health, StoreError,
    groups::Group,
    ledger::{Committed, Ended, Ledger, Stored},
    objects::{Claims, memory::Memory},
    postgres::{Application, Postgres},
};
use ruche_workers::{
    registry::handler,
    runtime::{self, Metrics, Options, Parts, Shutdown},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use super::probe::{Probe, ProbeHandler, Shared, TIMEOUT};

pub struct System {
    pub bus: Arc<dyn Bus>,
    pub ledger: Arc<Postgres>,
    pub tenant: TenantId,
    pub settings: config::Nats,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    /// Options besides name, slots and ack wait.
    pub options: Options,
}

impl System {
    /// With servers that all tests of this process share.
    pub async fn start() -> Self {
        Self::on(&testing::shared_nats().await, &testing::shared_postgres().await).await
    }

    pub async fn on(nats: &str, postgres: &str) -> Self {
        let name = testing::unique("t");
        ruche_migrations::up(postgres, &name).await.unwrap();
        let variables = [
            ("RUCHE_NATS__URL", nats),
            ("RUCHE_NATS__PREFIX", &name),
            ("RUCHE_POSTGRES__URL", postgres),
            ("RUCHE_POSTGRES__SCHEMA", &name),
        ];
        let variables = variables.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let config = Config::from_layers(None, Some(variables)).unwrap();
        let bus = Nats::connect(&config.nats, Duration::from_secs(2)).await.unwrap();
        bus.ensure(&[Probe::KIND]).await.unwrap();
        let ledger = Arc::new(Postgres::connect(&config.postgres, Application::WORKER).unwrap());
        Self {
            bus: Arc::new(bus),
            ledger,
            tenant: "acme".parse().unwrap(),
            settings: config.nats,
            claims: Claims::new(Arc::new(Memory::default()), 4 << 20),
            clock: Arc::new(clock::System),
            // Every `started` event is written, so that tests can assert it.
            options: Options { quiet: Duration::ZERO, ..Options::default() },
        }
    }

    pub fn worker(&self, probe: &Arc<ProbeHandler>, slots: usize) -> Worker {
        self.worker_with(probe, slots, self.ledger.clone())
    }

    /// A worker whose heartbeats run on this runtime.
    pub fn worker_on(&self, probe: &Arc<ProbeHandler>, slots: usize, heartbeats: Handle) -> Worker {
        self.spawn(probe, slots, self.ledger.clone(), heartbeats, &Handle::current())
    }

    pub fn worker_with(&self, probe: &Arc<ProbeHandler>, slots: usize, ledger: Arc<dyn Ledger>) -> Worker {
        self.spawn(probe, slots, ledger, Handle::current(), &Handle::current())
    }

    /// A worker that can crash: dropping its own runtime stops all its tasks.
    pub fn doomed_worker(&self, probe: &Arc<ProbeHandler>, slots: usize) -> Worker {
        let tasks = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = tasks.handle().clone();
        let mut worker = self.spawn(probe, slots, self.ledger.clone(), handle.clone(), &handle);
        worker.tasks = Some(tasks);
        worker
    }

    fn spawn(
        &self,
        probe: &Arc<ProbeHandler>,
        slots: usize,
        ledger: Arc<dyn Ledger>,
        heartbeats: Handle,
        on: &Handle,
    ) -> Worker {
        let parts = Parts {
            bus: self.bus.clone(),
            ledger,
            claims: self.claims.clone(),
            handler: handler(Shared(probe.clone())),
            metrics: Metrics::register(&mut Registry::default()),
            clock: self.clock.clone(),
            heartbeats,
            versions: Arc::new([(Probe::KIND, Probe::VERSION)].into()),
        };
        let name = testing::unique("worker");
        let options = Options {
            name: name.clone(),
            slots: NonZeroUsize::new(slots).unwrap(),
            ack_wait: Duration::from_secs(2),
            drain: Duration::from_secs(30),
            ..self.options.clone()
        };
        let shutdown = Shutdown::default();
        let running = on.spawn(runtime::run(parts, options, shutdown.clone()));
        Worker { name, shutdown, running, tasks: None }
    }

    pub async fn submit(&self, body: Probe) -> JobRef {
        self.submit_as(JobId::generate(), body).await
    }

    pub async fn submit_as(&self, id: JobId, body: Probe) -> JobRef {
        let envelope = self.envelope(id, body);
        self.publish(id, serde_json::to_vec(&envelope).unwrap()).await
    }

    /// A job whose body is in the object store.
    pub async fn submit_claimed(&self, claim: Claim) -> JobRef {
        let id = claim.key.split('/').nth(1).unwrap().parse().unwrap();
        let body = serde_json::Value::Null;
        let (kind, version, at) = (Probe::KIND, Probe::VERSION, clock::now());
        let mut envelope = Envelope::of(kind, version, id, self.tenant.clone(), Lane::Normal, at, body);
        envelope.claim = Some(claim);
        self.publish(id, serde_json::to_vec(&envelope).unwrap()).await
    }

    pub fn envelope(&self, id: JobId, body: Probe) -> Envelope<Probe> {
        Envelope::new(id, self.tenant.clone(), Lane::Normal, clock::now(), body)
    }

    pub async fn send(&self, envelope: &Envelope<Probe>) -> JobRef {
        self.publish(envelope.id, serde_json::to_vec(envelope).unwrap()).await
    }

    /// Writes the job's first event before publishing, as a gateway does.
    pub async fn send_with_log(&self, envelope: &Envelope<Probe>) -> JobRef {
        let job = JobRef { tenant: self.tenant.clone(), id: envelope.id };
        let first_seq = Some(self.begin_log(&job).await);
        self.publish_as(job, serde_json::to_vec(envelope).unwrap(), first_seq).await
    }

    /// Appends the event `accepted`.
    pub async fn begin_log(&self, job: &JobRef) -> u64 {
        let (event, kind, at) = (EventType::Accepted, Probe::KIND, clock::now());
        let accepted = Record { n: 1, event, kind, attempt: 0, at, data: serde_json::Value::Null, claim: None };
        self.bus.append(job, 0, &accepted).await.unwrap()
    }

    pub async fn submit_for(&self, tenant: &str, body: Probe) -> JobRef {
        let job = JobRef { tenant: tenant.parse().unwrap(), id: JobId::generate() };
        let envelope = Envelope::new(job.id, job.tenant.clone(), Lane::Normal, clock::now(), body);
        self.publish_as(job, serde_json::to_vec(&envelope).unwrap(), None).await
    }

    pub async fn publish(&self, id: JobId, payload: Vec<u8>) -> JobRef {
        self.publish_as(JobRef { tenant: self.tenant.clone(), id }, payload, None).await
    }

    /// A job for the workers of a pool.
    pub async fn submit_to(&self, pool: &str, body: Probe) -> JobRef {
        let id = JobId::generate();
        let payload = serde_json::to_vec(&self.envelope(id, body)).unwrap();
        let headers = ruche_bus::Headers::from([(ruche_bus::POOL.to_owned(), pool.to_owned())]);
        self.publish_with(JobRef { tenant: self.tenant.clone(), id }, payload, headers, None).await
    }

    async fn publish_as(&self, job: JobRef, payload: Vec<u8>, first_seq: Option<u64>) -> JobRef {
        self.publish_with(job, payload, ruche_bus::Headers::new(), first_seq).await
    }

    async fn publish_with(
        &self,
        job: JobRef,
        payload: Vec<u8>,
        headers: ruche_bus::Headers,
        first_seq: Option<u64>,
    ) -> JobRef {
        let (kind, lane, payload) = (Probe::KIND, Lane::Normal, payload.into());
        self.bus.publish(Message { job: job.clone(), kind, lane, payload, headers, first_seq }).await.unwrap();
        job
    }

    /// Publishes without our bus, as any NATS client can.
    pub async fn publish_raw(&self, subject: String, payload: String) {
        let client = async_nats::connect(&self.settings.url.0).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        jetstream.publish(subject, payload.into()).await.unwrap().await.unwrap();
    }

    /// Up to the final event.
    pub async fn events(&self, job: &JobRef) -> Vec<Record> {
        let events = self.bus.watch(job, 1).await.unwrap();
        timeout(TIMEOUT, events.map(Result::unwrap).collect()).await.expect("a final event in time")
    }

    /// Waits until no job waits or is in flight.
    pub async fn settled(&self) {
        while self.depth().await.iter().any(|lane| lane.waiting + lane.in_flight > 0) {
            tokio::task::yield_now().await;
        }
    }

    pub async fn depth(&self) -> Vec<Depth> {
        self.bus.depth().await.unwrap()
    }

    pub async fn in_flight(&self) -> u64 {
        self.depth().await.iter().map(|lane| lane.in_flight).sum()
    }
}

pub struct Worker {
    pub name: String,
    pub shutdown: Shutdown,
    running: JoinHandle<Result<(), ruche_bus::Unavailable>>,
    tasks: Option<Runtime>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A test's runtime must not block until the tasks have ended.
        if let Some(tasks) = self.tasks.take() {
            tasks.shutdown_background();
        }
    }
}

impl Worker {
    /// Stops it after its running jobs.
    pub async fn drain(self) {
        self.shutdown.request();
        self.drained().await;
    }

    pub async fn drained(mut self) {
        (&mut self.running).await.unwrap().unwrap();
    }

    /// Stops it at once, like a power failure.
    pub async fn crash(mut self) {
        self.tasks.take().unwrap().shutdown_background();
        let _ = (&mut self.running).await;
    }
}

/// A ledger that counts, after each commit, the unsettled jobs of the bus.
pub struct Witness {
    pub ledger: Arc<Postgres>,
    pub bus: Arc<dyn Bus>,
    pub in_flight_after_commit: Mutex<Vec<u64>>,
}

#[async_trait]
impl Ledger for Witness {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        self.ledger.fence(job, attempt).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        let committed = self.ledger.commit(ended).await?;
        let depth = self.bus.depth().await.unwrap();
        self.in_flight_after_commit.lock().unwrap().push(depth.iter().map(|lane| lane.in_flight).sum());
        Ok(committed)
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.ledger.ended(job).await
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        self.ledger.group(tenant, group).await
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        self.ledger.members(tenant, group, limit).await
    }
}

#[async_trait]
impl Health for Witness {
    async fn ready(&self) -> Result<(), StoreError> {
        self.ledger.ready().await
    }
}
