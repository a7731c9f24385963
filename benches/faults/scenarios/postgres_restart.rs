//! Crashes Postgres while workers commit: SIGQUIT, which ends all its processes at once, or SIGKILL of the first one.
//! Then it recovers, and workers commit their pending outcomes.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::{Run, Scenario, Trial, direct, pause};
use crate::faults::{report::Outcome, system::System};

const CRASHES: u64 = 16;
const JOBS: u64 = 2_000;
const RATE: u32 = 150;
/// How long it is down, in milliseconds.
const AWAY: std::ops::Range<u64> = 0..800;
/// Between a recovery and the next crash, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 500..3_000;

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 1).await?;
    let (workers, entrance) = (system.workers(3, 16).await?, direct(&system).await?);
    let (crashes, mut chance) = (run.faults.unwrap_or(CRASHES), run.chance());
    let plan = run.plan(&system, RATE, JOBS);
    let trial = Trial { scenario: Scenario::PostgresRestart, system: &system, workers, entrance, plan };
    let hurt = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for (_, signal) in (0..crashes).zip([Signal::SIGQUIT, Signal::SIGKILL].into_iter().cycle()) {
            pause(&mut chance, BETWEEN).await;
            system.postgres.crash(signal).await;
            pause(&mut chance, AWAY).await;
            system.postgres.start().await?;
        }
        Ok(crashes)
    };
    trial.run(hurt).await
}
