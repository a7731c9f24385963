//! Kills workers at random (SIGKILL), each with several jobs at any point of their way.

use anyhow::Result;

use super::{Run, Scenario, Trial, direct, pause};
use crate::faults::{report::Outcome, system::System};

const KILLS: u64 = 200;
const JOBS: u64 = 1_000;
const RATE: u32 = 150;
/// Workers, and concurrent jobs of each.
const WORKERS: (usize, usize) = (6, 8);
/// Between two kills, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 200..1_000;

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 1).await?;
    let (workers, entrance) = (system.workers(WORKERS.0, WORKERS.1).await?, direct(&system).await?);
    let (kills, mut chance) = (run.faults.unwrap_or(KILLS), run.chance());
    let plan = run.plan(&system, RATE, JOBS);
    let victims = workers.victims();
    let trial = Trial { scenario: Scenario::WorkerKills, system: &system, workers, entrance, plan };
    let hurt = async {
        let mut killed = 0;
        while killed < kills {
            pause(&mut chance, BETWEEN).await;
            killed += u64::from(victims.kill_one(&mut chance));
        }
        Ok(killed)
    };
    trial.run(hurt).await
}
