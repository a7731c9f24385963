//! Starts what a job's end starts: its children, and the join or callback of its group.
//!
//! **Each once, whatever crashes.** It is called after the commit and before the job's final event, and again by
//! every attempt that finds the job committed but not said. Ids are derived from the parent's, so what was published
//! before is the same job: the bus drops it, or the runtime finds that it has ended. Once the final event is there,
//! all children were accepted.
//!
//! **A child that can't be published** (no such kind, too large) ends as failed at once, with a row, a log and a dead
//! letter like any other: a group would wait for it for ever otherwise.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ruche_bus::{AppendError, Bus, DeadLetter, Headers, Message, PublishError, trace};
use ruche_schemas::{
    Envelope, EventType, Failure, JobId, JobRef, Kind, Record, TenantId,
    clock::Clock,
    event::{Accepted, Outcome},
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
    blocked::HeldUp,
    claims,
    event_log::{EventLog, LogError},
    groups::{self, Complete},
    retry::Patience,
};

/// How long the end of a job waits for room in a queue. Then it comes again later, and others have its slot: they
/// may be the ones that make room.
const ROOM: Duration = Duration::from_secs(5);

/// Where ends are kept and what follows is published.
#[derive(Clone)]
pub struct Ends {
    pub bus: Arc<dyn Bus>,
    pub ledger: Arc<dyn Ledger>,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    /// The version of each kind's schema.
    pub versions: Arc<BTreeMap<Kind, u16>>,
}

/// The outcome that a job can have, and what follows it: one that would start too much is a failure.
pub(crate) fn fan_out<T>(job: &Envelope<T>, outcome: Outcome<Value>) -> (Outcome<Value>, Vec<Child>) {
    match children(job, &outcome) {
        Ok(children) => (outcome, children),
        Err(failure) => {
            let outcome = Outcome::Failed(failure);
            let on_failure = children(job, &outcome).unwrap_or_default();
            (outcome, on_failure)
        }
    }
}

/// A place in a group, as the ledger counts it.
pub(crate) fn member<T>(job: &Envelope<T>) -> Option<GroupMember> {
    job.member.as_ref().map(|member| GroupMember { group: member.group, index: member.index, of: member.of })
}

/// Starts what follows a job that has ended like this and is committed.
pub(crate) async fn follow<T: Sync>(ends: &Ends, job: &Envelope<T>, outcome: &Outcome<Value>) -> Result<(), HeldUp> {
    let following = match outcome {
        Outcome::Claimed(claim) if !job.on_success.is_empty() => {
            let output = claims::output(&ends.claims, &job.tenant, claim).await?;
            children(job, &Outcome::Done(output))
        }
        outcome => children(job, outcome),
    };
    for child in following.unwrap_or_default() {
        start(ends, &job.tenant, child).await?;
    }
    match &job.member {
        Some(member) => complete(ends, &job.tenant, member).await,
        None => Ok(()),
    }
}

/// Looks whether a member's group is complete, and starts what waits for it.
async fn complete(ends: &Ends, tenant: &TenantId, member: &Member) -> Result<(), HeldUp> {
    let Some(complete) = groups::look(&*ends.ledger, &ends.claims, tenant, member).await? else { return Ok(()) };
    match complete {
        Complete::Join(child, None) => start(ends, tenant, child).await,
        Complete::Join(child, Some(failure)) => refuse(ends, tenant, child, failure).await,
        Complete::Batch { job, callback, counts } => {
            if let Some(callback) = callback {
                start(ends, tenant, callback).await?;
            }
            groups::end_batch((&ends.bus, &ends.clock), job, counts).await
        }
    }
}

/// Publishes a job of a flow, or ends it where nobody can do it.
pub(crate) async fn start(ends: &Ends, tenant: &TenantId, child: Child) -> Result<(), HeldUp> {
    let kind = child.template.kind.clone();
    let version = ends.versions.get(&kind).copied();
    let child = child.envelope(tenant.clone(), version.unwrap_or_default(), ends.clock.now());
    if version.is_none() {
        let failure = Failure::new(codes::INVALID, PublishError::UnknownKind { kind }.to_string()).with_param("kind");
        return Box::pin(stillborn(ends, child, failure)).await;
    }
    let child = match claims::child(&ends.claims, child).await? {
        Ok(child) => child,
        Err((child, failure)) => return Box::pin(stillborn(ends, child, failure)).await,
    };
    match publish(ends, &child).await? {
        None => {
            accept(ends, &child).await;
            Ok(())
        }
        Some(failure) => Box::pin(stillborn(ends, child, failure)).await,
    }
}

/// Ends a job of a flow that can't be what it should.
pub(crate) async fn refuse(ends: &Ends, tenant: &TenantId, child: Child, failure: Failure) -> Result<(), HeldUp> {
    let version = ends.versions.get(&child.template.kind).copied();
    let child = child.envelope(tenant.clone(), version.unwrap_or_default(), ends.clock.now());
    Box::pin(stillborn(ends, child, failure)).await
}

fn of<T>(job: &Envelope<T>) -> JobRef {
    JobRef { tenant: job.tenant.clone(), id: job.id }
}

/// Publishes a job; gives back why it never can be.
async fn publish(ends: &Ends, child: &Envelope<Value>) -> Result<Option<Failure>, HeldUp> {
    let mut headers = Headers::new();
    trace::inject(&mut headers);
    let payload = serde_json::to_vec(child).map_err(|error| HeldUp(error.to_string()))?.into();
    let message =
        Message { job: of(child), kind: child.kind.clone(), lane: child.lane, payload, headers, first_seq: None };
    let mut patience = Patience::new(ROOM);
    loop {
        let error = match ends.bus.publish(message.clone()).await {
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
            _ if patience.wait().await => {}
            _ => return Err(HeldUp(error.to_string())),
        }
    }
}

/// Begins the log of a job that was published. Where a worker was faster, or it fails, the job runs all the same.
async fn accept<T>(ends: &Ends, job: &Envelope<T>) {
    let accepted = Accepted {
        lane: job.lane,
        run_at: None,
        origin: job.origin,
        batch: None,
        on_success: job.on_success.clone(),
        on_failure: job.on_failure.clone(),
    };
    let data = serde_json::to_value(&accepted).unwrap_or_default();
    let (event, kind) = (EventType::Accepted, job.kind.clone());
    let record = Record { n: 1, event, kind, attempt: 0, at: job.created_at, data, claim: None };
    match ends.bus.append(&of(job), 0, &record).await {
        Ok(_) | Err(AppendError::Conflict) => {}
        Err(error) => warn!(%error, child.id = %job.id, "a child's log could not be begun: it runs all the same"),
    }
}

/// Ends a job that nobody can do.
async fn stillborn(ends: &Ends, child: Envelope<Value>, failure: Failure) -> Result<(), HeldUp> {
    info!(error = %failure, child.id = %child.id, child.kind = %child.kind, "a child can't be published");
    let (payload, now) = (serde_json::to_string(&child).unwrap_or_default(), ends.clock.now());
    let mut headers = Headers::new();
    trace::inject(&mut headers);
    let letter = DeadLetter {
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
    accept(ends, &child).await;
    if give_up(ends, &child, &letter, 1).await? {
        ends.bus.put_dead_letter(&letter).await?;
    }
    Ok(())
}

/// Commits a job as failed without having tried it, starts what follows, and says so. `false`: it had ended
/// otherwise.
pub(crate) async fn give_up<T: Serialize + Sync>(
    ends: &Ends,
    job: &Envelope<T>,
    letter: &DeadLetter,
    attempt: u32,
) -> Result<bool, HeldUp> {
    let (outcome, children) = fan_out(job, Outcome::Failed(letter.failure.clone()));
    let ended = Ended {
        job: letter.job.clone(),
        kind: letter.kind.clone(),
        lane: letter.lane,
        attempt,
        outcome,
        created_at: job.created_at,
        ended_at: ends.clock.now(),
        trace_id: letter.trace_id.clone(),
        writes: Vec::new(),
        origin: job.origin,
        member: member(job),
        children: ids(&children),
        objects: job.claim.is_some(),
    };
    let (outcome, attempt) = match ends.ledger.commit(&ended).await? {
        Committed::Stored => (ended.outcome, attempt),
        Committed::Already(stored) => (stored.outcome, stored.attempt),
        Committed::Fenced => return Ok(false),
    };
    follow(ends, job, &outcome).await?;
    let last = ends.bus.last(&letter.job).await?;
    let mut log = EventLog::open(
        (Arc::clone(&ends.bus), Arc::clone(&ends.clock)),
        letter.job.clone(),
        letter.kind.clone(),
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

/// The ids of these jobs.
pub(crate) fn ids(children: &[Child]) -> Vec<JobId> {
    children.iter().map(|child| child.id).collect()
}
