//! The load: jobs at a steady rate, each published again under its id until somebody says that it is accepted, as a
//! client does that wants its job done.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use chrono::Utc;
use ruche_bus::{Bus, Headers, Message, PublishError};
use ruche_schemas::{Envelope, EventType, Job, JobRef, Lane, Record, TenantId, flow::Member};
use ruche_workers::runtime::Patience;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    errand::Errand,
    follow::{Followed, follow},
    http::Http,
};

/// Submissions that may wait for their answers at once.
const IN_FLIGHT: usize = 64;

/// How long one job is submitted again and again.
const PATIENCE: Duration = Duration::from_secs(180);

/// One job of so many is followed from its first event on: of those with fresh ids and of the others.
const FOLLOWED: u64 = 9;

/// Where jobs go in and events come out.
#[derive(Clone)]
pub enum Entrance {
    /// Straight onto NATS.
    Bus(Arc<dyn Bus>),
    /// Over HTTP, through any of the gateways.
    Http(Http),
}

impl Entrance {
    /// The job of this number. Over HTTP its key decides its id; straight onto NATS every other id is fresh.
    fn job(&self, plan: &Plan, number: u64) -> JobRef {
        match (self, number % 2) {
            (Self::Bus(_), 1) => Errand::fresh_job(&plan.tenant, plan.seed, number),
            _ => Errand::job(&plan.tenant, plan.seed, number),
        }
    }
}

/// Why a job was not accepted.
pub enum Refusal {
    /// The same again, later.
    Later(String),
    /// It never will be.
    Never(String),
}

/// What is to be submitted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What everything that is left to chance comes from.
    pub seed: u64,
    /// Whose jobs they are.
    pub tenant: TenantId,
    /// Jobs a second.
    pub rate: u32,
    /// The least number of jobs.
    pub jobs: u64,
}

/// A job that was accepted.
pub struct Accepted {
    /// Which.
    pub job: JobRef,
    /// What it is to do.
    pub errand: Errand,
    /// Whether a group counts it.
    pub grouped: bool,
}

/// What became of the load.
pub struct Load {
    /// What was accepted.
    pub accepted: Vec<Accepted>,
    /// Those who follow some of it; each ends with its job.
    pub followers: JoinSet<Followed>,
}

/// Submits jobs until it is enough, and the plan's number at least. Returns when all are accepted.
pub async fn run(entrance: Entrance, plan: Plan, enough: CancellationToken) -> Result<Load> {
    let mut load = Load { accepted: Vec::new(), followers: JoinSet::new() };
    let mut submissions = JoinSet::new();
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut ticks = interval(Duration::from_secs(1) / plan.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0.. {
        if number >= plan.jobs && enough.is_cancelled() {
            break;
        }
        ticks.tick().await;
        let place = Arc::clone(&places).acquire_owned().await?;
        let (entrance, plan) = (entrance.clone(), plan.clone());
        if number % FOLLOWED == 0 {
            let job = entrance.job(&plan, number);
            load.followers.spawn(follow(entrance.clone(), job));
        }
        submissions.spawn(async move {
            let accepted = submit(&entrance, &plan, number).await;
            drop(place);
            accepted
        });
    }
    while let Some(accepted) = submissions.join_next().await {
        load.accepted.push(accepted??);
    }
    Ok(load)
}

/// Submits one job until it is accepted.
async fn submit(entrance: &Entrance, plan: &Plan, number: u64) -> Result<Accepted> {
    let (errand, job) = (Errand::plan(plan.seed, number), entrance.job(plan, number));
    let mut patience = Patience::new(PATIENCE);
    loop {
        let submitted = match entrance {
            Entrance::Bus(bus) => publish(&**bus, &job, &errand).await?,
            Entrance::Http(http) => http.submit(plan.seed, &job, &errand).await,
        };
        let reason = match submitted {
            Ok(()) => {
                let grouped = matches!(entrance, Entrance::Bus(_));
                return Ok(Accepted { job, errand, grouped });
            }
            Err(Refusal::Later(reason)) => reason,
            Err(Refusal::Never(reason)) => bail!("job {} was refused: {reason}", job.id),
        };
        if !patience.wait().await {
            bail!("job {} was not accepted within {} s: {reason}", job.id, PATIENCE.as_secs());
        }
    }
}

async fn publish(bus: &dyn Bus, job: &JobRef, errand: &Errand) -> Result<Result<(), Refusal>> {
    let lane = Lane::ALL[usize::try_from(errand.number % Lane::ALL.len() as u64)?];
    let mut envelope = Envelope::new(job.id, job.tenant.clone(), lane, Utc::now(), errand.clone());
    let index = u32::try_from(errand.number).context("more jobs than a group counts")?;
    envelope.member = Some(Member { group: errand.group(), index, of: None, join: None });
    let payload = serde_json::to_vec(&envelope)?.into();
    let (job, kind, headers) = (job.clone(), Errand::KIND, Headers::new());
    // Of the fresh ones every other log is begun before, as gateways do.
    let first_seq = match errand.number % 4 {
        1 => begin(bus, &job).await,
        _ => None,
    };
    let message = Message { job, kind, lane, payload, headers, first_seq };
    Ok(match bus.publish(message).await {
        Ok(_) => Ok(()),
        Err(error @ (PublishError::UnknownKind { .. } | PublishError::TooLarge { .. })) => {
            Err(Refusal::Never(error.to_string()))
        }
        Err(error) => Err(Refusal::Later(error.to_string())),
    })
}

/// Begins a job's log; `None` where that can't be done now, or was done before.
async fn begin(bus: &dyn Bus, job: &JobRef) -> Option<u64> {
    let (event, kind, at) = (EventType::Accepted, Errand::KIND, Utc::now());
    let accepted = Record { n: 1, event, kind, attempt: 0, at, data: serde_json::Value::Null, claim: None };
    bus.append(job, 0, &accepted).await.ok()
}
