//! Starts what follows a job's end: its children, and the join or callback of its group.
//!
//! **Each once, in spite of crashes.** It runs after the commit and before the job's last event, and again in every
//! attempt that finds the job committed without a last event. Ids are derived from the parent's, so a child that was
//! published before is the same job: the bus drops it, or the runtime finds that it has ended. Once the last event is
//! there, all children are accepted.
//!
//! **A child that can't be published** (no such kind, too large) ends as failed at once, with a row, a log and a dead
//! letter. Otherwise its group would wait for ever.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ruche_bus::{AppendError, Bus, DeadLetter, Headers, Message, PublishError, trace};
use ruche_schemas::{
    Envelope, Failure, JobId, JobRef, Kind, TenantId,
    clock::Clock,
    event::Outcome,
    failure::codes,
    flow::{Child, Member, children},
};
use ruche_store::{
    groups::Member as GroupMember,
    ledger::{Committed, Ended, Ledger},
    objects::Claims,
};
use serde::Serialize;
use serde_json::Value;
use tracing::{info, warn};

use super::{
    blocked::Blocked,
    claims,
    event_log::{EventLog, LogError},
    groups::{self, Complete},
    retry::RETRY,
};

/// How long the end of a job waits for a full queue. Then it is retried later, which frees its slot for jobs that may
/// drain the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct FollowUps {
    pub bus: Arc<dyn Bus>,
    pub ledger: Arc<dyn Ledger>,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    /// The schema version of each kind.
    pub versions: Arc<BTreeMap<Kind, u16>>,
}

/// The outcome, and the jobs that follow it. An outcome that would start too many becomes a failure.
pub(crate) fn plan<T>(job: &Envelope<T>, outcome: Outcome<Value>) -> (Outcome<Value>, Vec<Child>) {
    match children(job, &outcome) {
        Ok(children) => (outcome, children),
        Err(failure) => {
            let outcome = Outcome::Failed(failure);
            let on_failure = children(job, &outcome).unwrap_or_default();
            (outcome, on_failure)
        }
    }
}

/// The job's index in its group, as the ledger counts it.
pub(crate) fn member<T>(job: &Envelope<T>) -> Option<GroupMember> {
    job.member.as_ref().map(|member| GroupMember { group: member.group, index: member.index, of: member.of })
}

/// Starts what follows a job whose outcome is committed.
pub(crate) async fn follow<T: Sync>(
    follow_ups: &FollowUps,
    job: &Envelope<T>,
    outcome: &Outcome<Value>,
) -> Result<(), Blocked> {
    let following = match outcome {
        Outcome::Claimed(claim) if !job.on_success.is_empty() => {
            let output = claims::output(&follow_ups.claims, &job.tenant, claim).await?;
            children(job, &Outcome::Done(output))
        }
        outcome => children(job, outcome),
    };
    for child in following.unwrap_or_default() {
        start(follow_ups, &job.tenant, child).await?;
    }
    match &job.member {
        Some(member) => complete(follow_ups, &job.tenant, member).await,
        None => Ok(()),
    }
}

/// Starts what follows a member's group, if that is complete.
async fn complete(follow_ups: &FollowUps, tenant: &TenantId, member: &Member) -> Result<(), Blocked> {
    let Some(complete) = groups::look(&*follow_ups.ledger, &follow_ups.claims, tenant, member).await? else {
        return Ok(());
    };
    match complete {
        Complete::Join(child, None) => start(follow_ups, tenant, child).await,
        Complete::Join(child, Some(failure)) => refuse(follow_ups, tenant, child, failure).await,
        Complete::Batch { job, callback, counts } => {
            if let Some(callback) = callback {
                start(follow_ups, tenant, callback).await?;
            }
            groups::end_batch((&follow_ups.bus, &follow_ups.clock), job, counts).await
        }
    }
}

/// Publishes a job of a flow; one that can't be published ends as failed.
pub(crate) async fn start(follow_ups: &FollowUps, tenant: &TenantId, child: Child) -> Result<(), Blocked> {
    let kind = child.template.kind.clone();
    let version = follow_ups.versions.get(&kind).copied();
    let child = child.envelope(tenant.clone(), version.unwrap_or_default(), follow_ups.clock.now());
    if version.is_none() {
        let failure = Failure::new(codes::INVALID, PublishError::UnknownKind { kind }.to_string()).with_param("kind");
        return Box::pin(fail_child(follow_ups, child, failure)).await;
    }
    let child = match claims::child(&follow_ups.claims, child).await? {
        Ok(child) => child,
        Err((child, failure)) => return Box::pin(fail_child(follow_ups, child, failure)).await,
    };
    match publish(follow_ups, &child).await? {
        None => {
            accept(follow_ups, &child).await;
            Ok(())
        }
        Some(failure) => Box::pin(fail_child(follow_ups, child, failure)).await,
    }
}

pub(crate) async fn refuse(
    follow_ups: &FollowUps,
    tenant: &TenantId,
    child: Child,
    failure: Failure,
) -> Result<(), Blocked> {
    let version = follow_ups.versions.get(&child.template.kind).copied();
    let child = child.envelope(tenant.clone(), version.unwrap_or_default(), follow_ups.clock.now());
    Box::pin(fail_child(follow_ups, child, failure)).await
}

fn of<T>(job: &Envelope<T>) -> JobRef {
    JobRef { tenant: job.tenant.clone(), id: job.id }
}

/// Returns why it can never be published, if so.
async fn publish(follow_ups: &FollowUps, child: &Envelope<Value>) -> Result<Option<Failure>, Blocked> {
    let mut headers = Headers::new();
    trace::inject(&mut headers);
    let payload = serde_json::to_vec(child).map_err(|error| Blocked(error.to_string()))?.into();
    let message =
        Message { job: of(child), kind: child.kind.clone(), lane: child.lane, payload, headers, first_seq: None };
    let mut retry = RETRY.delays_within(QUEUE_WAIT);
    loop {
        let error = match follow_ups.bus.publish(message.clone()).await {
            Ok(_) => return Ok(None),
            Err(error) => error,
        };
        match error {
            PublishError::UnknownKind { .. } => {
                return Ok(Some(Failure::new(codes::INVALID, error.to_string()).with_param("kind")));
            }
            PublishError::TooLarge { .. } => {
                return Ok(Some(Failure::new(codes::INVALID, error.to_string()).with_param("body")));
            }
            _ if retry.wait().await => {}
            _ => return Err(Blocked(error.to_string())),
        }
    }
}

/// Appends `accepted` to the log of a published job. If a worker was faster, or this fails, the job runs anyway.
async fn accept<T>(follow_ups: &FollowUps, job: &Envelope<T>) {
    match follow_ups.bus.append(&of(job), 0, &job.accepted(None)).await {
        Ok(_) | Err(AppendError::Conflict) => {}
        Err(error) => {
            warn!(%error, child.id = %job.id, "a child's first event could not be written: the job runs all the same")
        }
    }
}

async fn fail_child(follow_ups: &FollowUps, child: Envelope<Value>, failure: Failure) -> Result<(), Blocked> {
    info!(error = %failure, child.id = %child.id, child.kind = %child.kind, "a child can't be published");
    let (payload, now) = (serde_json::to_string(&child).unwrap_or_default(), follow_ups.clock.now());
    let mut headers = Headers::new();
    trace::inject(&mut headers);
    let dead_letter = DeadLetter {
        job: of(&child),
        kind: child.kind.clone(),
        lane: child.lane,
        failure,
        attempts: 0,
        at: now,
        trace_id: trace::trace_id(),
        payload,
        headers,
    };
    accept(follow_ups, &child).await;
    if end_as_failed(follow_ups, &child, &dead_letter, 1).await? {
        follow_ups.bus.put_dead_letter(&dead_letter).await?;
    }
    Ok(())
}

/// Commits as failed a job that no attempt ended, starts what follows, and appends its last event. `false`: it had
/// ended otherwise.
pub(crate) async fn end_as_failed<T: Serialize + Sync>(
    follow_ups: &FollowUps,
    job: &Envelope<T>,
    dead_letter: &DeadLetter,
    attempt: u32,
) -> Result<bool, Blocked> {
    let (outcome, children) = plan(job, Outcome::Failed(dead_letter.failure.clone()));
    let ended = Ended {
        job: dead_letter.job.clone(),
        kind: dead_letter.kind.clone(),
        lane: dead_letter.lane,
        attempt,
        outcome,
        created_at: job.created_at,
        ended_at: follow_ups.clock.now(),
        trace_id: dead_letter.trace_id.clone(),
        writes: Vec::new(),
        origin: job.origin,
        member: member(job),
        children: ids(&children),
        objects: job.claim.is_some(),
    };
    let (outcome, attempt) = match follow_ups.ledger.commit(&ended).await? {
        Committed::Stored => (ended.outcome, attempt),
        Committed::Already(stored) => (stored.outcome, stored.attempt),
        Committed::Fenced => return Ok(false),
    };
    follow(follow_ups, job, &outcome).await?;
    let last = follow_ups.bus.last(&dead_letter.job).await?;
    let mut log = EventLog::open(
        (Arc::clone(&follow_ups.bus), Arc::clone(&follow_ups.clock)),
        dead_letter.job.clone(),
        dead_letter.kind.clone(),
        attempt,
        last.as_ref(),
    );
    if last.is_none_or(|last| !last.record.event.is_final()) {
        match log.end(&outcome).await {
            Ok(()) | Err(LogError::Ended) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(matches!(outcome, Outcome::Failed(_)))
}

pub(crate) fn ids(children: &[Child]) -> Vec<JobId> {
    children.iter().map(|child| child.id).collect()
}
