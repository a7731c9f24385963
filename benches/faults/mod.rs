//! `make faults`: real processes are killed, stopped and restarted while jobs come in; then the audit checks all
//! jobs.
//!
//! Each scenario has its own servers: NATS (one, or a cluster of three on the loopback), Postgres with `fsync` on,
//! and several processes of this program as workers and gateways, with the real runtime and the real gateway. An
//! accepted job (a `PubAck`, or a 202) must have ended once, in its row, its log and, if it failed, its dead letter.
//! A broken promise makes the exit status 1, and all data stays for inspection.
//!
//! - `task`: the job. `load`, `follow`: submit and follow it. `entrance`, `http`, `client`: the way in.
//! - `servers`, `store`, `system`, `fleet`: what runs, and its faults. `worker`, `gateway`: this program as one of
//!   those.
//! - `scenarios`: the faults. `rows`, `audit`, `report`: the results.

mod audit;
mod client;
mod entrance;
mod fleet;
mod follow;
mod gateway;
mod http;
mod load;
mod report;
mod rows;
mod scenarios;
mod servers;
mod store;
mod system;
mod task;
mod worker;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use report::Outcome;
use ruche_services::testing::unique;
use scenarios::{Run, Scenario};

/// Kills, stops and restarts Ruche's processes and servers under load, and counts what became of the jobs.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// The scenario; without it, all.
    scenario: Option<Scenario>,
    /// Faults of each scenario, in place of its own number.
    #[arg(long)]
    kills: Option<u64>,
    /// The least number of jobs of each scenario, in place of its own.
    #[arg(long)]
    jobs: Option<u64>,
    /// What jobs and faults come from: the same seed makes the same jobs, and the same choices of whom to hurt.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A JSON object a scenario, in place of the table.
    #[arg(long)]
    json: bool,
}

/// What it starts itself.
#[derive(Debug, Subcommand)]
enum Part {
    /// Works on jobs, as a process that is to be killed.
    #[command(hide = true)]
    Worker {
        /// Jobs at once.
        #[arg(long)]
        slots: NonZeroUsize,
    },
    /// Takes jobs over HTTP, as a process that is to be killed.
    #[command(hide = true)]
    Gateway,
}

pub fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.part {
        Some(Part::Worker { slots }) => worker::run(slots).map(|()| ExitCode::SUCCESS),
        Some(Part::Gateway) => gateway::run().map(|()| ExitCode::SUCCESS),
        None => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(all(&arguments))
        }
    }
}

/// Runs the scenarios one after the other, and prints the results.
async fn all(arguments: &Arguments) -> Result<ExitCode> {
    let root = std::env::temp_dir().join(unique("ruche-faults"));
    let (mut outcomes, mut result) = (Vec::new(), Ok(()));
    let wanted = |scenario: &&Scenario| arguments.scenario.is_none_or(|only| only == **scenario);
    for scenario in Scenario::value_variants().iter().filter(wanted) {
        match one(*scenario, arguments, &root.join(scenario.name())).await {
            Ok(outcome) => outcomes.push(outcome),
            // A scenario that could not run says nothing of Ruche; the others are still reported.
            Err(error) => result = Err(error),
        }
        if result.is_err() {
            break;
        }
    }
    if !arguments.json {
        println!("{}", report::table(&outcomes));
        println!("{}", report::summary(&outcomes));
    }
    result?;
    let sound = outcomes.iter().all(Outcome::is_sound);
    if sound {
        forget(&root)?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn one(scenario: Scenario, arguments: &Arguments, folder: &Path) -> Result<Outcome> {
    let Arguments { seed, kills, jobs, json, .. } = *arguments;
    eprintln!("{} (seed {seed})", scenario.name());
    let run = Run { seed, faults: kills, jobs, folder: folder.to_owned() };
    let outcome = scenario.run(&run).await.with_context(|| format!("everything stays in {}", folder.display()))?;
    if json {
        println!("{}", serde_json::to_string(&outcome)?);
    }
    match outcome.is_sound() {
        true => forget(folder)?,
        false => outcome.complain(folder),
    }
    Ok(outcome)
}

/// Removes a folder, and a database that had to be placed elsewhere.
fn forget(folder: &Path) -> Result<()> {
    let elsewhere: Option<PathBuf> = std::fs::read_link(folder.join("postgres")).ok();
    for folder in elsewhere.iter().map(PathBuf::as_path).chain([folder]) {
        std::fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()))?;
    }
    Ok(())
}
