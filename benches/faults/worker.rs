//! `ruche-bench faults worker`: a worker like `ruche-worker`, for tasks. It is made to be killed.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use anyhow::Result;
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, nats::Nats, telemetry};
use ruche_schemas::{
    Job,
    clock::{self, Clock},
    config::Config,
};
use ruche_store::{
    objects::Claims,
    postgres::{Application, Postgres},
};
use ruche_workers::{
    reconcilers::{self, MaxDeliveries, Scheduled},
    registry::handler,
    runtime::{self, FollowUps, Metrics, Options, Parts, Shutdown},
};
use tokio::{
    runtime::{Builder, Handle},
    signal::unix::{SignalKind, signal},
};

use crate::faults::task::{Runner, Task};

/// Runs until shutdown.
///
/// # Errors
/// When it can't start.
pub fn run(slots: NonZeroUsize) -> Result<()> {
    let config = Config::load()?;
    // As in `ruche-worker`: the bus has a thread of its own.
    let heartbeats = Builder::new_multi_thread().worker_threads(1).thread_name("bus").enable_all().build()?;
    let workers = Builder::new_multi_thread().enable_all().build()?;
    let result = workers.block_on(async {
        let _telemetry = telemetry::init("ruche-bench faults worker", &config.telemetry)?;
        serve(&config, slots, heartbeats.handle().clone()).await
    });
    workers.shutdown_timeout(Duration::from_secs(1));
    heartbeats.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(config: &Config, slots: NonZeroUsize, heartbeats: Handle) -> Result<()> {
    let ack_wait = Duration::from_secs(config.worker.ack_wait_seconds);
    let settings = config.nats.clone();
    let connected = heartbeats.spawn(async move {
        let bus = Nats::connect(&settings, ack_wait).await?;
        bus.ensure(&[Task::KIND]).await?;
        anyhow::Ok(bus)
    });
    let bus: Arc<dyn Bus> = Arc::new(connected.await??);
    let ledger = Arc::new(Postgres::connect(&config.postgres, Application::WORKER)?);
    let versions = Arc::new([(Task::KIND, Task::VERSION)].into());
    let claims = Claims::open(&config.objects)?;
    let clock: Arc<dyn Clock> = Arc::new(clock::System);
    let ends = FollowUps {
        bus: bus.clone(),
        ledger: ledger.clone(),
        claims: claims.clone(),
        clock: clock.clone(),
        versions: Arc::clone(&versions),
    };
    let watcher = Scheduled::new(Arc::new(MaxDeliveries(ends)), clock.clone(), reconcilers::Metrics::default());
    let watcher = tokio::spawn(watcher.run());
    let metrics = Metrics::register(&mut Registry::default());
    let parts = Parts { bus, ledger, claims, handler: handler(Runner), metrics, clock, heartbeats, versions };
    let name = format!("faults-{}", std::process::id());
    let options = Options { name, slots, ack_wait, ..Options::default() };
    let shutdown = Shutdown::default();
    let mut terminate = signal(SignalKind::terminate())?;
    let asked = shutdown.clone();
    tokio::spawn(async move {
        while terminate.recv().await.is_some() {
            asked.request();
        }
    });
    runtime::run(parts, options, shutdown).await?;
    watcher.abort();
    Ok(())
}
