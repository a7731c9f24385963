//! The program `ruche-worker <kinds>`.
//!
//! One process can do several kinds. A crash in a native library ends the process, so `ruche up` starts one process
//! per kind.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use futures::future::{join_all, select_all};
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, Unavailable, nats::Nats, telemetry};
use ruche_schemas::{
    Kind,
    clock::{self, Clock},
    config::Config,
    kinds::Descriptor,
};
use ruche_store::{
    objects::Claims,
    postgres::{Application, Postgres},
};
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tracing::info;

use crate::{
    http::{self, Health},
    kind_metrics::KindMetrics,
    kinds::{self, Prepared, Row, Setup},
    reconcilers::{self, MaxDeliveries, Reconciler, Retention, Scheduled, Sweep},
    registry::AnyHandler,
    runtime::{
        self,
        follow_ups::FollowUps,
        metrics::Metrics,
        options::{Options, Parts, versions},
        shutdown::Shutdown,
    },
    sandbox::run_child,
};

/// Works on jobs of the kinds named. Settings come from the environment and the file in `RUCHE_CONFIG`
/// (`ruche config` prints them all).
#[derive(Debug, Parser)]
#[command(name = "ruche-worker", version)]
struct Arguments {
    /// The kinds to work on, such as `chat`.
    #[arg(required = true)]
    kinds: Vec<Kind>,
}

/// All kinds, and a row for each that this program can do.
pub struct Program {
    pub kinds: Vec<Descriptor>,
    pub rows: Vec<Row>,
}

/// Runs the program with Ruche's own kinds. Errors are written for operators.
pub fn main() -> Result<()> {
    let program = Program { kinds: ruche_schemas::kinds::all(), rows: kinds::all() };
    let children: Vec<_> = program.rows.iter().flat_map(|kind| kind.children).copied().collect();
    if let Some(result) = run_child(&children, std::env::args().skip(1)) {
        return result;
    }
    let arguments = Arguments::parse();
    let config = Config::load_for(&program.kinds)?;
    // The bus has its own thread, so that busy handlers don't delay heartbeats.
    let heartbeats =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("bus").enable_all().build()?;
    let workers = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = workers.block_on(async {
        let _telemetry = telemetry::init("ruche-worker", &config.telemetry)?;
        program.serve(&arguments.kinds, &config, heartbeats.handle().clone()).await
    });
    workers.shutdown_timeout(Duration::from_secs(1));
    heartbeats.shutdown_timeout(Duration::from_secs(1));
    result
}

struct Process<'a> {
    kinds: &'a [Descriptor],
    config: &'a Config,
    bus: Arc<dyn Bus>,
    postgres: Arc<Postgres>,
    claims: Claims,
    clock: Arc<dyn Clock>,
    heartbeats: Handle,
}

impl Program {
    /// Works on jobs of these kinds until the process gets a signal. Errors are written for operators.
    pub async fn serve(&self, own: &[Kind], config: &Config, heartbeats: Handle) -> Result<()> {
        let shutdown = Shutdown::default();
        listen_for_signals(shutdown.clone())?;
        let ack_wait = Duration::from_secs(config.worker.ack_wait_seconds);
        let bus = self.connect(config, own, ack_wait, &heartbeats).await?;
        let postgres = Arc::new(Postgres::connect(&config.postgres, Application::WORKER)?);
        let claims = Claims::open(&config.objects)?;
        let process =
            Process { kinds: &self.kinds, config, bus, postgres, claims, clock: Arc::new(clock::System), heartbeats };
        let mut registry = Registry::default();
        let metrics = (Metrics::register(&mut registry), reconcilers::Metrics::register(&mut registry));
        let mut prepared = Vec::new();
        for kind in own {
            let kind_prepared = self.prepare(kind, config, &process.postgres, &mut registry)?;
            check_pool(&config.worker.pool, kind, &kind_prepared.handler.models())?;
            prepared.push(kind_prepared);
        }
        let (bus, ledger) = (process.bus.clone(), process.postgres.clone());
        let http = http::serve(&config.worker, Health { bus, ledger, registry: Arc::new(registry) }).await?;
        let mut background = JoinSet::new();
        let mut runtimes = JoinSet::new();
        let (mut ends, mut stops) = (Vec::new(), Vec::new());
        // A model's thread ends with its last handler, which would look like a crash while the runtimes end.
        let mut handlers = Vec::new();
        // The first kind lists the background tasks that every process runs.
        let mut common = process.reconcilers();
        for Prepared { handler, slots, reserved, reconcilers, shutdown: handle } in prepared {
            handlers.push(handler.clone());
            ends.push(handle.ended);
            stops.push(handle.stop);
            let all = std::mem::take(&mut common).into_iter().chain(reconcilers);
            let scheduled = |reconciler| Scheduled::new(reconciler, process.clock.clone(), metrics.1.clone());
            let reconcilers: Vec<Scheduled> = all.map(scheduled).collect();
            reconcilers.iter().cloned().for_each(|reconciler| drop(background.spawn(reconciler.run())));
            let status = move || reconcilers.iter().map(Scheduled::status).collect();
            let options = Options { slots, reserved, reconcilers: Arc::new(status), ..process.options() };
            runtimes.spawn(runtime::run(process.parts(handler, metrics.0.clone()), options, shutdown.clone()));
        }
        let result = tokio::select! {
            result = all_end(&mut runtimes, &shutdown) => result,
            // Other workers get its jobs after the ack wait; the supervisor restarts this process.
            _ = select_all(&mut ends) => Err(anyhow!("a handler's engine has died: see the log above")),
        };
        if result.is_ok() {
            stops.into_iter().for_each(|stop| stop());
            let _ = tokio::time::timeout(Duration::from_secs(10), join_all(ends)).await;
        }
        drop(handlers);
        http.abort();
        background.shutdown().await;
        result.inspect(|()| info!("stopped"))
    }

    /// Connects on the bus's own runtime, where the connection's tasks stay.
    async fn connect(
        &self,
        config: &Config,
        own: &[Kind],
        ack_wait: Duration,
        heartbeats: &Handle,
    ) -> Result<Arc<dyn Bus>> {
        let (settings, own) = (config.nats.clone(), own.to_vec());
        let kinds: Vec<Kind> = self.kinds.iter().map(|kind| kind.kind.clone()).collect();
        let bus = heartbeats.spawn(async move {
            let bus = Nats::connect(&settings, ack_wait).await?;
            bus.join(&kinds, &own).await?;
            anyhow::Ok(bus)
        });
        Ok(Arc::new(bus.await??))
    }

    fn prepare(
        &self,
        kind: &Kind,
        config: &Config,
        postgres: &Arc<Postgres>,
        registry: &mut Registry,
    ) -> Result<Prepared> {
        let Some(row) = self.rows.iter().find(|row| row.kind == *kind) else {
            let known: Vec<_> = self.rows.iter().map(|row| row.kind.as_str()).collect();
            bail!("this build can't do jobs of kind {kind}: it knows {}", known.join(", "));
        };
        let listed = self.kinds.iter().find(|listed| listed.kind == *kind).map_or(&[][..], |listed| listed.metrics);
        let metrics = KindMetrics::register(registry, kind, listed);
        (row.prepare)(Setup { config, store: postgres.clone(), metrics })
            .with_context(|| format!("can't work on {kind} jobs"))
    }
}

impl Process<'_> {
    fn reconcilers(&self) -> Vec<Arc<dyn Reconciler>> {
        let (ledger, claims, clock) = (self.postgres.clone(), self.claims.clone(), self.clock.clone());
        let follow_ups = FollowUps {
            bus: self.bus.clone(),
            ledger: ledger.clone(),
            claims: claims.clone(),
            clock: clock.clone(),
            versions: versions(self.kinds),
        };
        let (days, interval) = (self.config.worker.retention_days, Retention::INTERVAL);
        vec![
            Arc::new(MaxDeliveries(follow_ups)),
            Arc::new(Retention {
                store: self.postgres.clone(),
                claims: claims.clone(),
                clock: clock.clone(),
                days,
                interval,
            }),
            Arc::new(Sweep { ledger, claims, clock }),
        ]
    }

    fn parts(&self, handler: Arc<dyn AnyHandler>, metrics: Metrics) -> Parts {
        Parts {
            bus: self.bus.clone(),
            ledger: self.postgres.clone(),
            claims: self.claims.clone(),
            handler,
            metrics,
            clock: self.clock.clone(),
            heartbeats: self.heartbeats.clone(),
            versions: versions(self.kinds),
        }
    }

    fn options(&self) -> Options {
        let worker = &self.config.worker;
        Options {
            name: name(),
            ack_wait: Duration::from_secs(worker.ack_wait_seconds),
            drain: Duration::from_secs(worker.drain_seconds),
            in_flight: self.config.limits.in_flight,
            pool: Some(worker.pool.clone()).filter(|pool| !pool.is_empty()),
            host: host(),
            labels: worker.labels.clone(),
            ..Options::default()
        }
    }
}

/// Jobs of a pool name its model, so a worker without that model would refuse each of them.
fn check_pool(pool: &str, kind: &Kind, models: &[String]) -> Result<()> {
    if pool.is_empty() || models.iter().any(|model| model == pool) {
        return Ok(());
    }
    let names = if models.is_empty() { "no model".to_owned() } else { models.join(" and ") };
    bail!(
        "worker.pool = {pool}, but the {kind} worker has {names}: set RUCHE_WORKER__POOL to its model's name, or unset it to \
         take all jobs"
    );
}

/// If one runtime fails, the others shut down.
async fn all_end(runtimes: &mut JoinSet<Result<(), Unavailable>>, shutdown: &Shutdown) -> Result<()> {
    let mut result = Ok(());
    while let Some(ended) = runtimes.join_next().await {
        if let Err(error) = ended.context("a runtime panicked").and_then(|ended| ended.map_err(Into::into)) {
            shutdown.request();
            result = Err(error);
        }
    }
    result
}

/// Host and process id: unique among workers, and valid as a token of a subject.
fn name() -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{}-{}", host().chars().map(safe).take(64).collect::<String>(), std::process::id())
}

fn host() -> String {
    nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok()).unwrap_or_default()
}

/// The first SIGTERM or SIGINT drains; the second stops at once.
fn listen_for_signals(shutdown: Shutdown) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            shutdown.request();
        }
    });
    Ok(())
}
