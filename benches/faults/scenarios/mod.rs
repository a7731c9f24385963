//! The scenarios, one file each: what is started, its faults, and how many. The common part is here: jobs come in
//! meanwhile, and the audit follows.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use ruche_bus::Bus;
use tokio_util::sync::CancellationToken;

use crate::faults::{
    audit::audit,
    client::Followed,
    entrance::Entrance,
    fleet::Fleet,
    load::{self, Plan},
    report::{Hits, Outcome},
    system::System,
};

mod cluster_leader;
mod cluster_pause;
mod cluster_rolling;
mod gateway_kills;
mod leader;
mod postgres_restart;
mod store_outage;
mod worker_kills;
mod worker_pauses;

/// How long the queues may take to be empty after the last fault.
const SETTLE: Duration = Duration::from_secs(180);

/// How long the last followers may take after that.
const FOLLOW: Duration = Duration::from_secs(60);

/// Logged by a worker with an outcome when the database is unavailable.
const BLOCKED: &str = "the outcome is not stored yet";

/// Logged by a worker with an output when the object store is unavailable.
const OUTPUT_BLOCKED: &str = "the output is not stored yet";

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// The leader of a stream is killed, on a cluster of three.
    ClusterLeader,
    /// A server stands still for longer than the others wait for it, on a cluster of three.
    ClusterPause,
    /// One server after the other is restarted, on a cluster of three.
    ClusterRolling,
    /// Workers are killed at random.
    WorkerKills,
    /// Workers stand still for longer than the bus waits for them, and then go on as if nothing had been.
    WorkerPauses,
    /// Postgres crashes and recovers.
    PostgresRestart,
    /// The object store is away for seconds.
    StoreOutage,
    /// Gateways are killed at random, and clients go on with the other.
    GatewayKills,
}

#[derive(Debug, Clone)]
pub struct Run {
    pub seed: u64,
    /// The number of faults, over the scenario's own.
    pub faults: Option<u64>,
    /// The least number of jobs, over the scenario's own.
    pub jobs: Option<u64>,
    /// The servers' data.
    pub folder: PathBuf,
}

impl Scenario {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterLeader => "cluster-leader",
            Self::ClusterPause => "cluster-pause",
            Self::ClusterRolling => "cluster-rolling",
            Self::WorkerKills => "worker-kills",
            Self::WorkerPauses => "worker-pauses",
            Self::PostgresRestart => "postgres-restart",
            Self::StoreOutage => "store-outage",
            Self::GatewayKills => "gateway-kills",
        }
    }

    pub async fn run(self, run: &Run) -> Result<Outcome> {
        let trial = match self {
            Self::ClusterLeader => cluster_leader::run(run).await,
            Self::ClusterPause => cluster_pause::run(run).await,
            Self::ClusterRolling => cluster_rolling::run(run).await,
            Self::WorkerKills => worker_kills::run(run).await,
            Self::WorkerPauses => worker_pauses::run(run).await,
            Self::PostgresRestart => postgres_restart::run(run).await,
            Self::StoreOutage => store_outage::run(run).await,
            Self::GatewayKills => gateway_kills::run(run).await,
        };
        trial.with_context(|| format!("{} could not be run to its end (seed {})", self.name(), run.seed))
    }
}

impl Run {
    fn chance(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }

    /// The scenario's own plan, under the command line's options.
    fn plan(&self, system: &System, rate: u32, jobs: u64) -> Plan {
        Plan { seed: self.seed, tenant: system.tenant.clone(), rate, jobs: self.jobs.unwrap_or(jobs) }
    }
}

struct Trial<'a> {
    scenario: Scenario,
    system: &'a System,
    workers: Fleet,
    entrance: Entrance,
    plan: Plan,
}

impl Trial<'_> {
    /// Submits jobs while `hurt` causes faults and returns their number. Then waits until all is quiet, and audits.
    async fn run(self, hurt: impl Future<Output = Result<u64>>) -> Result<Outcome> {
        let Self { scenario, system, workers, entrance, plan } = self;
        let (start, enough, seed) = (Instant::now(), CancellationToken::new(), plan.seed);
        let load = tokio::spawn(load::run(entrance, plan, enough.clone()));
        let faults = hurt.await?;
        enough.cancel();
        let mut load = load.await??;
        let bus = system.connect().await?;
        system.caught_up().await?;
        settle(&*bus).await;
        let mut followed: Vec<Followed> = Vec::new();
        let following = async {
            while let Some(one) = load.followers.join_next().await {
                followed.push(one?);
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(FOLLOW, following).await.unwrap_or(Ok(()))?;
        let stuck = load.followers.len();
        let mut audit = audit(system, &*bus, &load.accepted, &followed).await?;
        audit.stuck_followers(stuck);
        let hits = Hits {
            taken_over: audit.taken_over,
            commits_blocked: workers.logged(BLOCKED) + workers.logged(OUTPUT_BLOCKED),
            ended_by_themselves: workers.unasked(),
        };
        let counts = (faults, followed.len() as u64);
        let outcome = Outcome::new(scenario.name(), seed, audit, counts, hits, start.elapsed());
        outcome.keep(&system.folder)?;
        workers.end().await;
        Ok(outcome)
    }
}

/// Waits until no job waits or runs; the audit reports what is left after [`SETTLE`].
async fn settle(bus: &dyn Bus) {
    let quiet = async {
        loop {
            let depths = bus.depth().await;
            if depths.is_ok_and(|depths| depths.iter().all(|depth| depth.waiting + depth.in_flight == 0)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let _ = tokio::time::timeout(SETTLE, quiet).await;
}

async fn pause(chance: &mut StdRng, millis: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(chance.random_range(millis))).await;
}

/// Directly to NATS, on its own connection.
async fn direct(system: &System) -> Result<Entrance> {
    let bus: Arc<dyn Bus> = system.connect().await?;
    Ok(Entrance::Bus(bus))
}
