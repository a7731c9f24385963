//! The load: jobs at a steady rate, each published again under its id until it is accepted, as a careful client does.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use ruche_bus::{Bus, Headers, Message, PublishError};
use ruche_schemas::{Envelope, EventType, Job, JobRef, Lane, Record, TenantId, clock, flow::Member};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::faults::{
    client::{Followed, SubmitError},
    entrance::Entrance,
    follow::follow,
    task::Task,
};

const IN_FLIGHT: usize = 64;

/// How long one job is submitted repeatedly.
const TIMEOUT: Duration = Duration::from_secs(180);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One job in this many is followed from its first event on: of those with fresh ids and of the others.
const FOLLOWED: u64 = 9;

#[derive(Debug, Clone)]
pub struct Plan {
    /// The source of all randomness.
    pub seed: u64,
    pub tenant: TenantId,
    /// Jobs a second.
    pub rate: u32,
    /// The least number of jobs.
    pub jobs: u64,
}

impl Plan {
    /// The job of this number. Over HTTP its key decides its id; on NATS every other id is fresh.
    fn job(&self, entrance: &Entrance, number: u64) -> JobRef {
        match (entrance, number % 2) {
            (Entrance::Bus(_), 1) => Task::fresh_job(&self.tenant, self.seed, number),
            _ => Task::job(&self.tenant, self.seed, number),
        }
    }
}

pub struct Accepted {
    pub job: JobRef,
    pub task: Task,
    /// Whether a group counts it.
    pub grouped: bool,
}

pub struct Load {
    pub accepted: Vec<Accepted>,
    /// Followers of some of the jobs; each ends with its job.
    pub followers: JoinSet<Followed>,
}

/// Submits jobs until `enough`, and at least the plan's number. Returns when all are accepted.
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
            let job = plan.job(&entrance, number);
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

async fn submit(entrance: &Entrance, plan: &Plan, number: u64) -> Result<Accepted> {
    let (task, job) = (Task::plan(plan.seed, number), plan.job(entrance, number));
    let pauses = ExponentialBuilder::new().with_min_delay(Duration::from_millis(50)).with_max_delay(LONGEST_PAUSE);
    let once = || async {
        match entrance {
            Entrance::Bus(bus) => publish(&**bus, &job, &task).await,
            Entrance::Http(http) => http.submit(plan.seed, &job, &task).await,
        }
    };
    let again = once.retry(pauses.with_jitter().without_max_times().with_total_delay(Some(TIMEOUT)));
    match again.when(|error| matches!(error, SubmitError::Later(_))).await {
        Ok(()) => {}
        Err(SubmitError::Never(reason)) => bail!("job {} was refused: {reason}", job.id),
        Err(SubmitError::Later(reason)) => {
            bail!("job {} was not accepted within {} s: {reason}", job.id, TIMEOUT.as_secs());
        }
    }
    let grouped = matches!(entrance, Entrance::Bus(_));
    Ok(Accepted { job, task, grouped })
}

async fn publish(bus: &dyn Bus, job: &JobRef, task: &Task) -> Result<(), SubmitError> {
    let (lane, payload) = envelope(job, task).map_err(|error| SubmitError::Never(error.to_string()))?;
    let (job, kind, headers) = (job.clone(), Task::KIND, Headers::new());
    // The log of every other fresh one is begun before, as gateways do.
    let first_seq = match task.number % 4 {
        1 => begin(bus, &job).await,
        _ => None,
    };
    let message = Message { job, kind, lane, payload, headers, first_seq };
    match bus.publish(message).await {
        Ok(_) => Ok(()),
        Err(error @ (PublishError::UnknownKind { .. } | PublishError::TooLarge { .. })) => {
            Err(SubmitError::Never(error.to_string()))
        }
        Err(error) => Err(SubmitError::Later(error.to_string())),
    }
}

fn envelope(job: &JobRef, task: &Task) -> Result<(Lane, Bytes)> {
    let lane = Lane::ALL[usize::try_from(task.number % Lane::ALL.len() as u64)?];
    let mut envelope = Envelope::new(job.id, job.tenant.clone(), lane, clock::now(), task.clone());
    let index = u32::try_from(task.number).context("more jobs than a group counts")?;
    envelope.member = Some(Member { group: task.group(), index, of: None, join: None });
    Ok((lane, serde_json::to_vec(&envelope)?.into()))
}

/// Begins a job's log; `None` if that fails, or was done before.
async fn begin(bus: &dyn Bus, job: &JobRef) -> Option<u64> {
    let (event, kind, at) = (EventType::Accepted, Task::KIND, clock::now());
    let accepted = Record { n: 1, event, kind, attempt: 0, at, data: serde_json::Value::Null, claim: None };
    bus.append(job, 0, &accepted).await.ok()
}
