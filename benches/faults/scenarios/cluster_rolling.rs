//! Restarts one server after the other (SIGTERM), as an upgrade does: each must have caught up before the next stops.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::{Run, Scenario, Trial, direct};
use crate::faults::{report::Outcome, system::System};

/// Three are a round.
const RESTARTS: u64 = 6;
const JOBS: u64 = 2_000;
const RATE: u32 = 80;
/// How long all run in between.
const BETWEEN: Duration = Duration::from_secs(2);

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 3).await?;
    let (workers, entrance) = (system.workers(3, 8).await?, direct(&system).await?);
    let restarts = run.faults.unwrap_or(RESTARTS);
    let plan = run.plan(&system, RATE, JOBS);
    let trial = Trial { scenario: Scenario::ClusterRolling, system: &system, workers, entrance, plan };
    let hurt = async {
        for (_, server) in (0..restarts).zip(system.nats.iter().cycle()) {
            tokio::time::sleep(BETWEEN).await;
            server.end(Signal::SIGTERM).await;
            server.start().await?;
            system.caught_up().await?;
        }
        Ok(restarts)
    };
    trial.run(hurt).await
}
