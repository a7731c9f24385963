//! Stops workers (SIGSTOP) for longer than the ack wait: others take their jobs over, and then they continue in the
//! middle of their work. What they still write must be refused.

use anyhow::Result;
use rand::{SeedableRng, rngs::StdRng};

use super::{Run, Scenario, Trial, direct, pause};
use crate::faults::{fleet::Victims, report::Outcome, system::System};

const PAUSES: u64 = 40;
const JOBS: u64 = 1_000;
const RATE: u32 = 100;
/// Workers, and concurrent jobs of each.
const WORKERS: (usize, usize) = (5, 8);
/// How long one is stopped, in milliseconds; the ack wait is two seconds.
const STILL: std::ops::Range<u64> = 1_900..4_000;
/// Between two pauses, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 100..600;

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 1).await?;
    let (workers, entrance) = (system.workers(WORKERS.0, WORKERS.1).await?, direct(&system).await?);
    let pauses = run.faults.unwrap_or(PAUSES);
    let plan = run.plan(&system, RATE, JOBS);
    let victims = workers.victims();
    let trial = Trial { scenario: Scenario::WorkerPauses, system: &system, workers, entrance, plan };
    let hurt = async {
        // Two at a time, so that a job may be taken over twice.
        let (one, other) = (run.chance(), StdRng::seed_from_u64(!run.seed));
        tokio::join!(still(&victims, pauses.div_ceil(2), one), still(&victims, pauses / 2, other));
        Ok(pauses)
    };
    trial.run(hurt).await
}

async fn still(victims: &Victims, pauses: u64, mut chance: StdRng) {
    for _ in 0..pauses {
        pause(&mut chance, BETWEEN).await;
        let stopped = victims.stop_one(&mut chance);
        pause(&mut chance, STILL).await;
        stopped.go_on();
    }
}
