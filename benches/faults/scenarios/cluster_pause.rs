//! Stops a server (SIGSTOP) for longer than the others wait for it: its connections stay open and silent, which is
//! worse than a crash. First the leader of the jobs' stream, then that of the events.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::{Run, Scenario, Trial, direct, leader::Leaders};
use crate::faults::{report::Outcome, system::System};

const PAUSES: u64 = 3;
const JOBS: u64 = 2_000;
const RATE: u32 = 60;
/// How long one is stopped. The others elect another leader after 4 to 9 s; every third time it is longer than the 30
/// s after which they close its routes.
const STILL: [Duration; 3] = [Duration::from_secs(12), Duration::from_secs(15), Duration::from_secs(40)];
/// How long all run in between.
const BETWEEN: Duration = Duration::from_secs(3);

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 3).await?;
    let (workers, entrance) = (system.workers(3, 8).await?, direct(&system).await?);
    let leaders = Leaders::connect(&system).await?;
    let pauses = run.faults.unwrap_or(PAUSES);
    let plan = run.plan(&system, RATE, JOBS);
    let trial = Trial { scenario: Scenario::ClusterPause, system: &system, workers, entrance, plan };
    let hurt = async {
        for (at, still) in (0..pauses).zip(STILL.into_iter().cycle()) {
            tokio::time::sleep(BETWEEN).await;
            let leader = leaders.of(at, &system).await?;
            leader.signal(Signal::SIGSTOP);
            tokio::time::sleep(still).await;
            leader.signal(Signal::SIGCONT);
            leader.caught_up().await?;
        }
        Ok(pauses)
    };
    trial.run(hurt).await
}
