//! One attempt at one job: from its bytes to a verdict. It settles nothing.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use ruche_bus::{Delivery, Logged};
use ruche_schemas::{
    EventType, Failure, Invalid, Record,
    event::{Outcome, Started},
    failure::codes,
    flow,
};
use ruche_store::{
    StoreError,
    ledger::{Stored, Write},
};
use serde_json::Value;
use tracing::info;

use super::{
    claims,
    deadline::Deadline,
    event_log::EventLog,
    job_error::JobError,
    retry::RETRY,
    scope::{Scope, Unread},
    shared::Shared,
};
use crate::registry::HandlerOutput;

#[derive(Debug, Default)]
pub(super) struct SideEffects {
    /// Rows of the same transaction.
    pub(super) writes: Vec<Write>,
    /// Objects that are stored before it.
    pub(super) documents: Vec<Bytes>,
}

pub(super) enum Verdict {
    /// It has ended: store the outcome, append the last event, settle.
    Ended { outcome: Outcome<Value>, side_effects: SideEffects },
    /// An earlier attempt ended it: append the last event unless the log has it, and settle.
    AlreadyFinished { outcome: Outcome<Value>, attempt: u32, emitted: bool },
    /// Redeliver it.
    Retry { source: anyhow::Error, after: Option<Duration> },
    /// Another attempt has it: leave it alone.
    Superseded,
    /// The worker shuts down: hand the job back at once.
    ShuttingDown,
}

impl Verdict {
    pub(super) fn ended(outcome: Outcome<Value>) -> Self {
        Self::Ended { outcome, side_effects: SideEffects::default() }
    }
}

impl From<JobError> for Verdict {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Retry { source, after } => Self::Retry { source, after },
            JobError::Reject(failure) => Self::ended(Outcome::Failed(failure)),
            JobError::Superseded => Self::Superseded,
        }
    }
}

/// Reads the envelope and compares it with the subject, which the server's permissions restrict.
pub(super) fn read(delivery: &Delivery) -> Result<Unread, Failure> {
    let job: Unread =
        serde_json::from_slice(&delivery.payload).map_err(|error| Invalid::new("envelope", error.to_string()))?;
    let same = [
        ("id", job.id.to_string(), delivery.job.id.to_string()),
        ("tenant", job.tenant.to_string(), delivery.job.tenant.to_string()),
        ("kind", job.kind.to_string(), delivery.kind.to_string()),
    ];
    for (field, given, published) in same {
        if given != published {
            let message = format!("is {given:?} in the envelope, but the job was published as {published:?}");
            return Err(Invalid::new(field, message).into());
        }
    }
    flow::check(&job.on_success, &job.on_failure)?;
    Ok(job)
}

/// The caller gets the log, to append the last event.
pub(super) async fn attempt(shared: &Shared, delivery: &Delivery, job: &Unread) -> (Option<EventLog>, Verdict) {
    let status = match status(shared, delivery, job).await {
        Ok(status) => status,
        Err(source) => return (None, Verdict::Retry { source, after: None }),
    };
    let mut log = match delivery.is_first() {
        true => open_new(shared, delivery),
        false => open(shared, delivery, status.last.as_ref()),
    };
    let verdict = match status.settled(delivery, shared.parts.handler.limits().attempts) {
        Some(verdict) => verdict,
        None => begin(shared, delivery, job, &mut log, status.last.is_some()).await,
    };
    (Some(log), verdict)
}

pub(super) fn open(shared: &Shared, delivery: &Delivery, last: Option<&Logged>) -> EventLog {
    let (bus, clock) = (Arc::clone(&shared.parts.bus), Arc::clone(&shared.parts.clock));
    EventLog::open((bus, clock), delivery.job.clone(), delivery.kind.clone(), delivery.attempt, last)
}

/// The log of a job that no worker has seen before.
fn open_new(shared: &Shared, delivery: &Delivery) -> EventLog {
    let (bus, clock) = (Arc::clone(&shared.parts.bus), Arc::clone(&shared.parts.clock));
    EventLog::open_new((bus, clock), delivery.job.clone(), delivery.kind.clone(), delivery.attempt, delivery.first_seq)
}

/// What is known of a job on delivery.
struct Status {
    last: Option<Logged>,
    cancelled: bool,
    stored: Option<Stored>,
}

async fn status(shared: &Shared, delivery: &Delivery, job: &Unread) -> anyhow::Result<Status> {
    let (last, cancelled) = last_event(shared, delivery, job).await?;
    let ended = last.as_ref().is_some_and(|last| last.record.event.is_final());
    let stored = match job.ephemeral || ended || delivery.attempt == 1 {
        true => None,
        // From here on no earlier attempt can commit.
        false => fence_earlier(shared, delivery).await?,
    };
    Ok(Status { last, cancelled, stored })
}

/// The last event, and whether the job was cancelled. Waits for the bus as long as it takes: handing the job back would
/// count as an attempt, and a cluster without a leader would use up all of them within seconds.
async fn last_event(shared: &Shared, delivery: &Delivery, job: &Unread) -> anyhow::Result<(Option<Logged>, bool)> {
    let bus = &shared.parts.bus;
    // The earlier of both: a deferred job was published again, and may have been cancelled before that.
    let accepted = job.created_at.min(delivery.published_at);
    let known = match delivery.attempt {
        1 => shared.running.is_cancelled(&delivery.job, accepted),
        _ => None,
    };
    let mut retry = RETRY.delays();
    loop {
        let cancelled = async {
            match known {
                Some(cancelled) => Ok(cancelled),
                None => bus.is_cancelled(&delivery.job).await,
            }
        };
        let last = async {
            match delivery.is_first() {
                true => Ok(None),
                false => bus.last(&delivery.job).await,
            }
        };
        match tokio::try_join!(last, cancelled) {
            Ok(seen) => return Ok(seen),
            Err(error) => info!(%error, "waiting for the bus"),
        }
        tokio::select! {
            _ = retry.wait() => {}
            () = shared.shutdown.leave.cancelled() => anyhow::bail!("the worker left while the bus was away"),
        }
    }
}

/// Fences earlier attempts. Waits for the database as long as it takes; meanwhile the job stays with this worker.
async fn fence_earlier(shared: &Shared, delivery: &Delivery) -> anyhow::Result<Option<Stored>> {
    let mut retry = RETRY.delays();
    loop {
        match shared.parts.ledger.fence(&delivery.job, delivery.attempt).await {
            Ok(stored) => return Ok(stored),
            Err(StoreError::Refused(failure)) => return Err(failure.into()),
            Err(StoreError::Unavailable(error)) => info!(%error, "waiting for the database"),
        }
        tokio::select! {
            _ = retry.wait() => {}
            () = shared.shutdown.leave.cancelled() => anyhow::bail!("the worker left while the database was away"),
        }
    }
}

impl Status {
    /// The verdict of a job that needs no work.
    fn settled(&self, delivery: &Delivery, attempts: u32) -> Option<Verdict> {
        if let Some(last) = &self.last {
            if let Some(outcome) = outcome(&last.record) {
                return Some(Verdict::AlreadyFinished { outcome, attempt: last.record.attempt, emitted: true });
            }
            // A repeated attempt is a duplicate (one id, published again after the dedup window): its next delivery
            // has a higher attempt, and takes over unless the job has ended by then.
            if last.record.attempt >= delivery.attempt {
                return Some(Verdict::Superseded);
            }
        }
        if let Some(stored) = self.stored.clone() {
            return Some(Verdict::AlreadyFinished { outcome: stored.outcome, attempt: stored.attempt, emitted: false });
        }
        if self.cancelled {
            return Some(Verdict::ended(Outcome::Cancelled));
        }
        (delivery.attempt > attempts).then(|| {
            let message =
                format!("the job was handed out {attempts} times and each of its workers died or went silent");
            Verdict::ended(Outcome::Failed(Failure::new(codes::ATTEMPTS, message)))
        })
    }
}

/// How a job ended, by its last event; `None` if it has not.
fn outcome(last: &Record) -> Option<Outcome<Value>> {
    match last.event {
        EventType::Done => Some(claims::claimed(Outcome::Done(last.data.clone()), last.claim.clone())),
        EventType::Cancelled => Some(Outcome::Cancelled),
        EventType::Failed => {
            let failure = last.parse().unwrap_or_else(|_| Failure::new("unknown", "the failure can't be read"));
            Some(Outcome::Failed(failure))
        }
        _ => None,
    }
}

/// Runs the job. A later attempt appends `started` first, so that an earlier one that was only presumed dead is
/// refused. A first attempt appends it only if it takes a while: an event costs as much as the job's own message.
async fn begin(shared: &Shared, delivery: &Delivery, job: &Unread, log: &mut EventLog, has_past: bool) -> Verdict {
    let started = Started { worker: shared.options.name.clone() };
    log.begin(serde_json::to_value(&started).unwrap_or_default());
    let quiet = shared.options.quiet;
    if (delivery.attempt > 1 || quiet.is_zero())
        && let Err(error) = log.emit_started().await
    {
        return JobError::from(error).into();
    }
    let past = match delivery.attempt > 1 && has_past {
        true => match shared.parts.bus.replay(&delivery.job).await {
            Ok(past) => past,
            Err(error) => return JobError::retry(error).into(),
        },
        false => Vec::new(),
    };
    let running = shared.running.begin(&delivery.job);
    let claims = shared.parts.claims.clone();
    let (cancel, deadline) = (running.token.clone(), Deadline::new());
    let (attempt, clock) = (delivery.attempt, Arc::clone(&shared.parts.clock));
    let scope = Scope { log, attempt, past, cancel, claims, quiet, deadline: deadline.clone(), clock };
    let longest = shared.parts.handler.limits().deadline;
    let work = AssertUnwindSafe(run(shared, job, scope)).catch_unwind();
    tokio::select! {
        result = work => match result {
            Ok(Ok(HandlerOutput { output, writes, documents })) => {
                Verdict::Ended { outcome: Outcome::Done(output), side_effects: SideEffects { writes, documents } }
            }
            Ok(Err(error)) => error.into(),
            Err(panic) => Verdict::Retry { source: anyhow::anyhow!("the handler panicked: {}", message(&*panic)), after: None },
        },
        () = running.token.cancelled() => Verdict::ended(Outcome::Cancelled),
        () = shared.shutdown.leave.cancelled() => Verdict::ShuttingDown,
        () = deadline.passed(longest) => {
            let message = format!("the job ran longer than {} s, which is all that a {} job may", longest.as_secs(), job.kind);
            JobError::Reject(Failure::new(codes::DEADLINE, message)).into()
        }
    }
}

/// Calls the handler, with a claimed body fetched.
async fn run(shared: &Shared, job: &Unread, scope: Scope<'_>) -> Result<HandlerOutput, JobError> {
    let handler = &shared.parts.handler;
    let Some(claim) = &job.claim else { return handler.run(job, scope).await };
    let _permit = shared.large.acquire().await.map_err(JobError::retry)?;
    scope.deadline.restart();
    let longest = shared.options.store_timeout.min(handler.limits().deadline / 2);
    let body = claims::body(&shared.parts.claims, &job.tenant, claim, longest).await?;
    let whole = Unread { claim: None, ..job.clone() }.with_body(body);
    handler.run(&whole, scope).await
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
