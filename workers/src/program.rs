//! `ruche-worker <kinds>`: from its arguments to its end.
//!
//! One process can do several kinds; a crash in a native library costs one process, so `ruche up` starts one each.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use futures::future::{join_all, select_all};
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, Unavailable, nats::Nats, objects::Claims, telemetry};
use ruche_schemas::{Kind, config::Config};
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tracing::info;

#[cfg(feature = "embed")]
use crate::sandbox::extractor;
#[cfg(feature = "render")]
use crate::sandbox::typst;
use crate::{
    adapters::postgres::Postgres,
    http::{self, Health},
    kinds::{self, Prepared, Setup},
    reconcilers,
    runtime::{self, Metrics, Options, Parts, Shutdown},
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

/// Runs the program.
///
/// # Errors
/// What kept it from starting or ended it, in words for the operator.
pub fn main() -> Result<()> {
    #[cfg(feature = "render")]
    if std::env::args().nth(1).is_some_and(|first| first == typst::FLAG) {
        return typst::serve(std::env::args().skip(2));
    }
    #[cfg(feature = "embed")]
    if std::env::args().nth(1).is_some_and(|first| first == extractor::FLAG) {
        return extractor::serve(std::env::args().skip(2));
    }
    let arguments = Arguments::parse();
    let config = Config::load()?;
    // The bus has a thread of its own: signs of life go out however busy the handlers are.
    let pulse =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("bus").enable_all().build()?;
    let workers = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = workers.block_on(async {
        let _telemetry = telemetry::init("ruche-worker", &config.telemetry)?;
        serve(&arguments.kinds, &config, pulse.handle().clone()).await
    });
    workers.shutdown_timeout(Duration::from_secs(1));
    pulse.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(kinds: &[Kind], config: &Config, pulse: Handle) -> Result<()> {
    let shutdown = Shutdown::default();
    listen_for_signals(shutdown.clone())?;
    let ack_wait = Duration::from_secs(config.worker.ack_wait_seconds);
    let bus = connect(config, kinds, ack_wait, &pulse).await?;
    let postgres = Arc::new(Postgres::connect(&config.postgres)?);
    let claims = Claims::open(&config.objects)?;
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let mut prepared = Vec::new();
    for kind in kinds {
        prepared.push(prepare(kind, config, &postgres, &mut registry)?);
    }
    let health = Health { bus: bus.clone(), ledger: postgres.clone(), registry: Arc::new(registry) };
    let http = http::serve(&config.worker, health).await?;
    let mut chores = JoinSet::new();
    chores.spawn(reconcilers::backstop(bus.clone(), postgres.clone(), claims.clone(), runtime::versions()));
    let days = config.worker.retention_days;
    chores.spawn(reconcilers::forget(postgres.clone(), claims.clone(), days, reconcilers::PURGE));
    chores.spawn(reconcilers::sweep(postgres.clone(), claims.clone()));
    if kinds.iter().any(|kind| kind.as_str() == "embed") {
        chores.spawn(reconcilers::tend(postgres.clone(), config.search, reconcilers::TEND));
    }
    let mut runtimes = JoinSet::new();
    let (mut ends, mut stops) = (Vec::new(), Vec::new());
    for Prepared { handler, slots, reserved, lifeline } in prepared {
        ends.push(lifeline.ended);
        stops.push(lifeline.stop);
        let (bus, ledger, metrics, pulse) = (bus.clone(), postgres.clone(), metrics.clone(), pulse.clone());
        let (claims, versions) = (claims.clone(), runtime::versions());
        let parts = Parts { bus, ledger, claims, handler, metrics, pulse, versions };
        let drain = Duration::from_secs(config.worker.drain_seconds);
        let (in_flight, labels) = (config.limits.in_flight, config.worker.labels.clone());
        let options = Options {
            name: name(),
            slots,
            reserved,
            ack_wait,
            drain,
            in_flight,
            host: host(),
            labels,
            ..Options::default()
        };
        runtimes.spawn(runtime::run(parts, options, shutdown.clone()));
    }
    let result = tokio::select! {
        result = all_end(&mut runtimes, &shutdown) => result,
        // What it was doing goes to other workers after the ack wait; whoever supervises starts it again.
        _ = select_all(&mut ends) => Err(anyhow!("a handler's engine has died: see the log above")),
    };
    if result.is_ok() {
        stops.into_iter().for_each(|stop| stop());
        let _ = tokio::time::timeout(Duration::from_secs(10), join_all(ends)).await;
    }
    http.abort();
    chores.shutdown().await;
    result.inspect(|()| info!("stopped"))
}

/// Waits for all runtimes. One that fails takes the others along.
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

/// Connects on the bus's own runtime, where the connection's tasks stay.
async fn connect(config: &Config, own: &[Kind], ack_wait: Duration, pulse: &Handle) -> Result<Arc<dyn Bus>> {
    let (settings, own) = (config.nats.clone(), own.to_vec());
    let kinds: Vec<Kind> = ruche_schemas::kinds::all().into_iter().map(|kind| kind.kind).collect();
    let bus = pulse.spawn(async move {
        let bus = Nats::connect(&settings, ack_wait).await?;
        bus.join(&kinds, &own).await?;
        anyhow::Ok(bus)
    });
    Ok(Arc::new(bus.await??))
}

fn prepare(kind: &Kind, config: &Config, postgres: &Arc<Postgres>, registry: &mut Registry) -> Result<Prepared> {
    let all = kinds::all();
    let Some((_, prepare)) = all.iter().find(|(known, _)| known == kind) else {
        let known: Vec<_> = all.iter().map(|(kind, _)| kind.as_str()).collect();
        bail!("this build can't do jobs of kind {kind}: it knows {}", known.join(", "));
    };
    prepare(Setup { config, postgres: postgres.clone(), registry })
        .with_context(|| format!("can't work on {kind} jobs"))
}

/// Host and process: unique among workers, and safe in a subject.
fn name() -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{}-{}", host().chars().map(safe).take(64).collect::<String>(), std::process::id())
}

/// This machine's name.
fn host() -> String {
    nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok()).unwrap_or_default()
}

/// SIGTERM and SIGINT ask to drain; a second one, to leave at once.
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
