//! The bus on NATS JetStream: what it accepts survives a crash of any process, and of a server when there are three.
//!
//! Each promise is kept by one file:
//! - `connect`: the login. `connection`: every wait for an answer. `store`: reads without consumers. `headers`,
//!   `codes`: the protocol.
//! - `ensure`: creates [`ruche_schemas::topology`]. `keep`: creates again what has gone. `jobs`: publishing, depth. `log`, `watch`: the log of a job.
//! - `dead_letters`, `max_deliveries`: jobs that failed for good. `flow_control`, `pauses`, `slots`: pauses, caps,
//!   unique
//!   keys.
//! - `signals`: cancellations and registrations. `scheduler`, `due`: jobs for later and recurring jobs.
//! - `deliveries`, `fetch_scheduler`, `inboxes`, `availability`, `delivery`: jobs to a worker. `shared`: what all parts
//!   share.

mod availability;
mod codes;
mod connect;
mod connection;
mod dead_letters;
mod deliveries;
mod delivery;
mod due;
mod ensure;
mod fetch_scheduler;
mod flow_control;
mod headers;
mod inboxes;
mod jobs;
mod keep;
mod kept;
mod log;
mod max_deliveries;
mod pauses;
mod scheduler;
mod shared;
mod signals;
mod slots;
mod store;
mod watch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, Kind, Record, config, topology::names::Names};

pub use connect::ConnectError;
pub use ensure::TopologyError;
pub use shared::Nats;

use shared::Shared;

use crate::port::{
    AppendError, Bus, Deliveries, Depth, Logged, Message, PublishError, Receipt, Unavailable, WorkerRegistration,
};

impl Nats {
    /// Connects, waiting up to 30 s for the server; reconnects for ever afterwards. A worker that is silent for
    /// `ack_wait` loses its job.
    ///
    /// # Errors
    /// When the address is wrong, nobody answers or the server refuses the user.
    pub async fn connect(config: &config::Nats, ack_wait: Duration) -> Result<Self, ConnectError> {
        let connection = Box::pin(connect::connect(config)).await?;
        let names = Names::new(&config.prefix);
        let [events, cancels, dead, workers, schedules] =
            ["EVENTS", "CANCELS", "DEAD", "WORKERS", "SCHEDULES"].map(|name| names.stream(name));
        let (config, is_running, keeper) = (config.clone(), AtomicBool::default(), kept::StreamKeeper::default());
        let shared = Shared {
            connection,
            names,
            config,
            ack_wait,
            events,
            cancels,
            dead,
            workers,
            schedules,
            is_running,
            keeper,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Creates or updates what [`ruche_schemas::topology::streams`] says for these kinds. For gateways; many
    /// processes may call it at once. From the first call on, due jobs are moved into their queues, and what has gone is
    /// created again.
    ///
    /// # Errors
    /// When the server is too old, can't be reached or refuses a stream.
    pub async fn ensure(&self, kinds: &[Kind]) -> Result<(), TopologyError> {
        self.shared.ensure(kinds, ensure::Keeper::Gateway).await?;
        self.run(kinds, kinds);
        Ok(())
    }

    /// As [`Nats::ensure`] for a worker on the kinds in `own`: it creates what is missing, without the queues of
    /// other kinds, and changes nothing else.
    ///
    /// # Errors
    /// When the server is too old, can't be reached or refuses a stream.
    pub async fn join(&self, kinds: &[Kind], own: &[Kind]) -> Result<(), TopologyError> {
        self.shared.ensure(kinds, ensure::Keeper::Worker(own)).await?;
        self.run(kinds, own);
        Ok(())
    }

    fn run(&self, kinds: &[Kind], own: &[Kind]) {
        self.shared.keeper.keep(kinds, own);
        if !self.shared.is_running.swap(true, Ordering::Relaxed) {
            tokio::spawn(keep::run(Arc::downgrade(&self.shared)));
            tokio::spawn(due::run(Arc::downgrade(&self.shared)));
        }
    }
}

#[async_trait]
impl Bus for Nats {
    async fn publish(&self, message: Message) -> Result<Receipt, PublishError> {
        self.shared.publish(message).await
    }

    async fn consume(&self, kind: &Kind) -> Result<Box<dyn Deliveries>, Unavailable> {
        self.shared.connection.check()?;
        Ok(Box::new(deliveries::NatsDeliveries::new(Arc::clone(&self.shared), kind.clone(), None)))
    }

    async fn consume_pool(&self, kind: &Kind, pool: &str) -> Result<Box<dyn Deliveries>, Unavailable> {
        self.shared.connection.check()?;
        self.shared.ensure_pool(kind, pool).await.map_err(|error| Unavailable(error.to_string()))?;
        let pool = Some(pool.to_owned());
        Ok(Box::new(deliveries::NatsDeliveries::new(Arc::clone(&self.shared), kind.clone(), pool)))
    }

    async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError> {
        self.shared.append(job, after, record).await
    }

    async fn retract(&self, _job: &JobRef, sequence: u64) -> Result<(), Unavailable> {
        self.shared.connection.delete(&self.shared.events, sequence).await?;
        Ok(())
    }

    async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable> {
        self.shared.last(job).await
    }

    async fn watch(
        &self,
        job: &JobRef,
        from: u64,
    ) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable> {
        watch::watch(Arc::clone(&self.shared), job.clone(), from).await
    }

    async fn replay(&self, job: &JobRef) -> Result<Vec<Record>, Unavailable> {
        let logged = self.shared.logged(job, 1).await?;
        Ok(logged.into_iter().map(|logged| logged.record).collect())
    }

    async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable> {
        self.shared.cancel(job).await
    }

    async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable> {
        self.shared.is_cancelled(job).await
    }

    async fn cancelled_since(&self, time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable> {
        self.shared.cancelled_since(time, limit).await
    }

    async fn cancellations(&self) -> Result<BoxStream<'static, JobRef>, Unavailable> {
        signals::cancellations(Arc::clone(&self.shared)).await
    }

    async fn depth(&self) -> Result<Vec<Depth>, Unavailable> {
        self.shared.depth().await
    }

    async fn register(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        self.shared.register(worker).await
    }

    async fn deregister(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        self.shared.deregister(worker).await
    }

    async fn workers(&self) -> Result<Vec<WorkerRegistration>, Unavailable> {
        self.shared.registered().await
    }

    async fn knows_all_workers(&self) -> Result<bool, Unavailable> {
        self.shared.knows_all_workers().await
    }

    async fn ready(&self) -> Result<(), Unavailable> {
        self.shared.has_streams().await
    }

    async fn flush(&self) -> Result<(), Unavailable> {
        self.shared.connection.check()?;
        let flushing = tokio::time::timeout(connection::ANSWER, self.shared.connection.client.flush()).await;
        flushing.map_err(|_| connection::RequestError::Timeout)?.map_err(|error| Unavailable(error.to_string()))
    }
}
