//! The job of the faults: its body says how it runs and ends, so that its end can be checked.

use std::time::Duration;

use async_trait::async_trait;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use ruche_schemas::{
    Backoff, Envelope, Failure, Invalid, Job, JobId, JobRef, Kind, Limits, TenantId,
    claim::CLAIM_BYTES,
    event::{Outcome, Steps},
    failure::codes,
    kinds::chat::Role,
};
use ruche_store::{
    conversations::{Turn, TurnMessage},
    ledger::Write,
};
use ruche_workers::{
    registry::Handler,
    runtime::{Context, JobError},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The code of a job that was told to be rejected.
pub const TOLD_TO: &str = "told_to";

/// Conversations, and groups, that the jobs share: commits of different workers meet there.
const SHARED: u64 = 8;

/// One job.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Which one it is of its run, from 0.
    pub number: u64,
    /// How long an attempt takes, in milliseconds.
    pub millis: u64,
    /// How often an attempt says how far it is.
    pub reports: u32,
    /// How many of its attempts fail and ask for another.
    pub stumbles: u32,
    /// Whether it ends as one that can't be done.
    pub reject: bool,
    /// Whether its output is too large for a message and a row: it goes to the object store.
    #[serde(default)]
    pub large: bool,
    /// The conversation that its one message goes to.
    pub conversation: Uuid,
}

/// The extra bytes of a large output.
const LARGE: usize = CLAIM_BYTES + 1;

/// What it gives. The attempt is in it, so that the outcomes of two attempts can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// The task's number.
    pub number: u64,
    pub attempt: u32,
    /// What makes it large.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filling: String,
}

impl Job for Task {
    const KIND: Kind = Kind::new("task");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 4096,
        deadline: Duration::from_secs(60),
        attempts: 12,
        backoff: Backoff { base: Duration::from_millis(50), factor: 1.5, cap: Duration::from_millis(500) },
    };
    type Progress = Steps;
    type Output = Ran;
    type Settings = ();

    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Task {
    /// The task of this number with this seed: mostly short, some of a second, some that fail at first, one in twenty
    /// rejected, one in twenty with a large output, one in two hundred never done.
    #[must_use]
    pub fn plan(seed: u64, number: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed.rotate_left(32) ^ number);
        let long = chance.random_ratio(1, 40);
        let millis = if long { chance.random_range(400..1_200) } else { chance.random_range(2..120) };
        let reports = if long { chance.random_range(8..16) } else { chance.random_range(0..3) };
        let stumbles = match chance.random_range(0..200) {
            0 => u32::MAX,
            1..20 => chance.random_range(1..4),
            _ => 0,
        };
        let millis = if stumbles == u32::MAX { 2 } else { millis };
        let reject = chance.random_ratio(1, 20);
        let large = chance.random_ratio(1, 20);
        Self { number, millis, reports, stumbles, reject, large, conversation: shared("conversation", number) }
    }

    #[must_use]
    pub fn job(tenant: &TenantId, seed: u64, number: u64) -> JobRef {
        let id = JobId::from_idempotency_key(tenant, &Self::KIND, &key(seed, number));
        JobRef { tenant: tenant.clone(), id }
    }

    /// With an id that looks new: a worker assumes that nobody has seen the job, even if it was published twice.
    #[must_use]
    pub fn fresh_job(tenant: &TenantId, seed: u64, number: u64) -> JobRef {
        let chance: [u8; 10] = StdRng::seed_from_u64(seed.rotate_left(32) ^ number).random();
        // In the future, so that a seed gives the same ids in each run, and they are never old.
        let id = JobId(uuid::Builder::from_unix_timestamp_millis(1 << 42, &chance).into_uuid());
        JobRef { tenant: tenant.clone(), id }
    }

    #[must_use]
    pub fn group(&self) -> Uuid {
        shared("group", self.number)
    }

    /// The code with which it must fail; `None` if it must be done.
    #[must_use]
    pub fn fails_with(&self) -> Option<&'static str> {
        match (self.stumbles >= Self::LIMITS.attempts, self.reject) {
            (true, _) => Some(codes::ATTEMPTS),
            (false, true) => Some(TOLD_TO),
            (false, false) => None,
        }
    }

    /// Whether this outcome is allowed. The number of attempts depends on the faults.
    #[must_use]
    pub fn may_end(&self, outcome: &Outcome<Ran>) -> bool {
        match outcome {
            Outcome::Done(ran) => {
                let filling = if self.large { LARGE } else { 0 };
                self.fails_with().is_none() && ran.number == self.number && ran.filling.len() == filling
            }
            Outcome::Failed(failure) => self.fails_with() == Some(failure.code.as_str()),
            Outcome::Claimed(_) | Outcome::Cancelled => false,
        }
    }
}

#[must_use]
pub fn key(seed: u64, number: u64) -> String {
    format!("{seed}/{number}")
}

/// An id that every `SHARED`th number has.
fn shared(what: &str, number: u64) -> Uuid {
    JobId(Uuid::nil()).derived(&format!("{what}.{}", number % SHARED)).0
}

pub struct Runner;

#[async_trait]
impl Handler<Task> for Runner {
    async fn handle(&self, job: &Envelope<Task>, context: Context<Task>) -> Result<Ran, JobError> {
        let task = &job.body;
        let pause = Duration::from_millis(task.millis) / (task.reports + 1);
        for done in 1..=task.reports {
            tokio::time::sleep(pause).await;
            let (done, total) = (u64::from(done), Some(u64::from(task.reports)));
            match done % 2 {
                0 => context.steps(done, total, "running"),
                _ => context.progress(Steps { done, total, message: "running".to_owned() }).await,
            }
        }
        tokio::time::sleep(pause).await;
        if context.attempt <= task.stumbles {
            return Err(JobError::retry(anyhow::anyhow!("told to stumble in attempt {}", context.attempt)));
        }
        match task.reject {
            true => Err(JobError::Reject(Failure::new(TOLD_TO, "told to be rejected"))),
            false => {
                let filling = "x".repeat(if task.large { LARGE } else { 0 });
                Ok(Ran { number: task.number, attempt: context.attempt, filling })
            }
        }
    }

    /// A message, in a table that takes a second one. Not a cost, whose key would refuse it.
    fn writes(&self, job: &Envelope<Task>, ran: &Ran) -> Vec<Write> {
        let content = format!("{} in attempt {}", ran.number, ran.attempt);
        let messages = vec![TurnMessage { role: Role::User, content, model: None, citations: None }];
        vec![Write::Turn(Turn { conversation: job.body.conversation, begins: true, messages })]
    }
}
