//! `ruche up`: everything on this machine, each program a supervised child.
//!
//! A crash in a native library costs one worker, not the system. Ctrl-C stops the children in the reverse order of
//! their start, so that each still finds what it needs; a second Ctrl-C kills them. They die with this program,
//! however it dies.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use ruche_schemas::{config::Config, kinds};
use ruche_services::{process, ready, tools::Tools};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::Instant,
};

mod key;
mod plan;
mod report;
mod servers;
mod supervisor;

pub(crate) use plan::beside;

use crate::{
    Refused, models, oneoff,
    project::Project,
    state::{Board, State},
};
use plan::Plan;
use supervisor::Supervisor;

/// How long the gateway and a worker may take until they are ready: a large model is read from disk.
const READY: Duration = Duration::from_secs(300);
/// Signals this close together are one request.
const SAME_REQUEST: Duration = Duration::from_millis(500);
/// Added to a program's own drain time.
const DRAIN_MARGIN: Duration = Duration::from_secs(5);

/// Starts everything and runs until it is stopped.
pub(crate) async fn run(project: &Project) -> Result<()> {
    let config = Config::load()?;
    project.make()?;
    let Some(_lock) = project.lock().await? else {
        let pid = State::read(&project.state()).map_or(String::new(), |state| format!(" as process {}", state.pid));
        return Err(Refused::running(format!(
            "Ruche runs already on {}{pid}. `ruche status` shows it, `ruche down` stops it.",
            project.data.display()
        )));
    };
    let mut signals = Signals::new()?;
    let board = Board::new(project.state());
    let mut supervisor = Supervisor::new(board.clone());
    let started = tokio::select! {
        started = start(project, &config, &mut supervisor, &board) => started,
        () = signals.next() => Err(Refused::because("stopped while starting".to_owned())),
    };
    if let Ok(report) = &started {
        report.print();
        signals.next().await;
        println!("\nStopping; once more stops at once.");
    }
    tokio::select! {
        () = supervisor.stop() => {}
        () = signals.insisted() => {
            supervisor.hurry();
            supervisor.stop().await;
        }
    }
    board.clear();
    started.map(|_| println!("Stopped."))
}

async fn start(
    project: &Project,
    config: &Config,
    supervisor: &mut Supervisor,
    board: &Board,
) -> Result<report::Report> {
    leave_nothing_behind(project).await;
    // From here on `ruche down` finds this process.
    board.change(|_| {});
    // Before models are fetched, which takes minutes.
    plan::check_ports(config)?;
    let tools = Tools::find()?;
    let models = models::served(project, config, &kinds::all()).await?;
    let mut plan = Plan::new(project, config, &models)?;

    println!("  starting NATS and Postgres");
    servers::start(&mut plan, &tools, supervisor).await?;
    board.change(|state| {
        state.models = models.iter().map(|model| model.chosen.name.clone()).collect();
        state.postgres_port = plan.postgres.as_ref().map(|postgres| postgres.port);
    });
    println!("  bringing the database up to date");
    let migrate = beside("ruche-migrate")?;
    oneoff::run(&migrate, &["up"], &plan.settings(), &project.log("migrate"), Duration::from_secs(600)).await?;

    println!("  starting the gateway and the workers ({})", plan.working().join(", "));
    programs(&plan, config, supervisor).await?;
    let key = key::development(project, &plan).await?;
    board.change(|state| state.url = Some(plan.url()));
    let programs = std::env::current_exe()?.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    Ok(report::Report { url: plan.url(), key, models, project: project.clone(), programs })
}

/// Starts the workers and the gateway, and waits until they are ready.
async fn programs(plan: &Plan, config: &Config, supervisor: &mut Supervisor) -> Result<()> {
    let drain = |seconds| Duration::from_secs(seconds) + DRAIN_MARGIN;
    let mut workers = Vec::new();
    for (launch, port) in plan.workers()? {
        workers.push((supervisor.start(launch, drain(config.worker.drain_seconds)).await?, port));
    }
    let gateway = supervisor.start(plan.gateway()?, drain(config.gateway.drain_seconds)).await?;
    let worker_host = plan::reach(&config.worker.host);
    for (process, port) in &workers {
        ready::wait(process, READY, || is_ready(&worker_host, *port)).await?;
    }
    ready::wait(&gateway, READY, || is_ready(&plan.gateway_host, plan.gateway_port)).await?;
    Ok(())
}

async fn is_ready(host: &str, port: u16) -> bool {
    ready::http(host, port, "/readyz").await.is_ok_and(|(status, _)| status == 200)
}

/// Waits for the children of a killed supervisor: the system has signalled them, but their end takes a moment.
async fn leave_nothing_behind(project: &Project) {
    let Some(state) = State::read(&project.state()) else { return };
    for child in state.children {
        // Linux truncates a name to 15 bytes.
        let same = |name: String| child.program.starts_with(&name);
        let ours = || process::is_alive(child.pid) && process::name_of(child.pid).is_some_and(same);
        if ours() && ready::gone(child.pid, &project.data, Duration::from_secs(10)).await.is_err() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.pid), nix::sys::signal::Signal::SIGKILL);
        }
    }
}

/// Ctrl-C and SIGTERM, and SIGHUP of a closed terminal.
struct Signals([Signal; 3]);

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    /// Waits for another signal after the first. `timeout` and some service managers send one to the process and one
    /// to its group: what comes within half a second is the same request.
    async fn insisted(&mut self) {
        let first = Instant::now();
        loop {
            self.next().await;
            if first.elapsed() >= SAME_REQUEST {
                return;
            }
        }
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
