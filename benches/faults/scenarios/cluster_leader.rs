//! Kills the leader of the jobs' stream, the next time that of the events, while jobs come in: accepted jobs are on
//! at least two servers, and the others continue.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::{Run, Scenario, Trial, direct, leader::Leaders, pause};
use crate::faults::{report::Outcome, system::System};

const KILLS: u64 = 6;
const JOBS: u64 = 2_000;
const RATE: u32 = 80;
/// How long one is missing, in milliseconds.
const WITHOUT: std::ops::Range<u64> = 1_000..6_000;
/// How long all run in between.
const BETWEEN: Duration = Duration::from_secs(2);

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 3).await?;
    let (workers, entrance) = (system.workers(3, 8).await?, direct(&system).await?);
    let leaders = Leaders::connect(&system).await?;
    let (kills, mut chance) = (run.faults.unwrap_or(KILLS), run.chance());
    let plan = run.plan(&system, RATE, JOBS);
    let trial = Trial { scenario: Scenario::ClusterLeader, system: &system, workers, entrance, plan };
    let hurt = async {
        for kill in 0..kills {
            tokio::time::sleep(BETWEEN).await;
            let leader = leaders.of(kill, &system).await?;
            leader.end(Signal::SIGKILL).await;
            pause(&mut chance, WITHOUT).await;
            leader.start().await?;
        }
        Ok(kills)
    };
    trial.run(hurt).await
}
