//! Kills one of two gateways at random (SIGKILL): clients submit again under the same idempotency key, and followers
//! continue after their last event, through any gateway.

use std::time::Duration;

use anyhow::{Context, Result};
use ruche_services::ports;

use super::{Run, Scenario, Trial, pause};
use crate::faults::{entrance::Entrance, gateway, http::Http, report::Outcome, system::System};

const KILLS: u64 = 60;
const JOBS: u64 = 2_000;
const RATE: u32 = 100;
/// Between two kills, in milliseconds.
const BETWEEN: std::ops::Range<u64> = 200..1_200;
/// How long the gateways may take to start.
const START: Duration = Duration::from_secs(60);

pub(super) async fn run(run: &Run) -> Result<Outcome> {
    let system = System::start(&run.folder, 1).await?;
    let addresses = [ports::free(), ports::free()];
    let (workers, gateways) = (system.workers(3, 8).await?, system.gateways(&addresses).await?);
    let http = Http::new(&addresses, gateway::create_key(&system.config, &system.tenant).await?);
    let ready = async {
        while !http.are_ready().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(START, ready).await.context("the gateways do not start: see their logs")?;
    let (kills, mut chance) = (run.faults.unwrap_or(KILLS), run.chance());
    let (plan, entrance) = (run.plan(&system, RATE, JOBS), Entrance::Http(http));
    let trial = Trial { scenario: Scenario::GatewayKills, system: &system, workers, entrance, plan };
    let hurt = async {
        let mut killed = 0;
        while killed < kills {
            pause(&mut chance, BETWEEN).await;
            killed += u64::from(gateways.victims().kill_one(&mut chance));
        }
        Ok(killed)
    };
    let outcome = trial.run(hurt).await?;
    gateways.end().await;
    Ok(outcome)
}
