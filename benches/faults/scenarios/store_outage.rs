//! Makes the object store unavailable while large outputs are on their way to it. No job may fail for it, and what a
//! row or an event claims must be there.

use anyhow::Result;

use super::{Run, Scenario, Trial, direct, pause};
use crate::faults::{report::Outcome, system::System};

const OUTAGES: u64 = 8;
const JOBS: u64 = 1_000;
const RATE: u32 = 80;
/// Workers, and concurrent jobs of each.
const WORKERS: (usize, usize) = (3, 16);
/// How long it is unavailable, in milliseconds.
const AWAY: std::ops::Range<u64> = 1_000..6_000;
/// Between two outages, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 500..2_000;

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 1).await?;
    let (workers, entrance) = (system.workers(WORKERS.0, WORKERS.1).await?, direct(&system).await?);
    let outages = run.faults.unwrap_or(OUTAGES);
    let plan = run.plan(&system, RATE, JOBS);
    let (store, mut chance) = (system.objects.clone(), run.chance());
    let trial = Trial { scenario: Scenario::StoreOutage, system: &system, workers, entrance, plan };
    let hurt = async {
        for _ in 0..outages {
            pause(&mut chance, BETWEEN).await;
            store.exchange()?;
            pause(&mut chance, AWAY).await;
            store.exchange()?;
        }
        Ok(outages)
    };
    trial.run(hurt).await
}
