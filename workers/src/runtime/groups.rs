//! What starts when all jobs of a group have ended: the join of a fan-out, or the callback of a batch.
//!
//! Each member checks after its own commit, which counts it. Counting updates one row, so of members that end at once
//! the last to commit sees all others: at least one sees the group complete. If several do, or one does twice, the
//! join has the same id each time, and the batch's log takes one last event.

use std::sync::Arc;

use ruche_bus::Bus;
use ruche_schemas::{
    EventType, Failure, JobId, JobRef, Lane, TenantId,
    clock::Clock,
    event::Outcome,
    failure::codes,
    flow::{self, BatchCounts, Child, Join, MAX_CHILDREN, Member, Template, child},
};
use ruche_store::{
    groups::Group,
    ledger::{Ledger, Stored},
    objects::Claims,
};
use serde_json::{Value, json};
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    blocked::Blocked,
    claims,
    event_log::{EventLog, LogError},
};

pub(super) enum Complete {
    /// The join of a fan-out; with a failure, one that can never be started.
    Join(Child, Option<Failure>),
    /// A batch: its callback, and the last event of its log.
    Batch { job: JobRef, callback: Option<Child>, counts: BatchCounts },
}

pub(super) async fn look(
    ledger: &dyn Ledger,
    claims: &Claims,
    tenant: &TenantId,
    member: &Member,
) -> Result<Option<Complete>, Blocked> {
    let Some(group) = ledger.group(tenant, member.group).await? else { return Ok(None) };
    if !group.is_complete() {
        return Ok(None);
    }
    match &member.join {
        _ if group.batch => Ok(Some(batch(tenant, member.group, group))),
        Some(join) => joined(ledger, claims, tenant, member.group, join).await.map(Some),
        None => Ok(None),
    }
}

async fn joined(
    ledger: &dyn Ledger,
    claims: &Claims,
    tenant: &TenantId,
    group: Uuid,
    join: &Join,
) -> Result<Complete, Blocked> {
    let members = ledger.members(tenant, group, MAX_CHILDREN as u64).await?;
    info!(group = %group, jobs = members.len(), "all jobs of a fan have ended");
    let whole = |results: Vec<Value>| {
        let results = json!({ "results": results });
        child(join.id, &join.template, &results, Lane::default(), join.origin, None)
    };
    let (bytes, max) = (members.iter().map(|(_, stored)| offloaded_bytes(stored)).sum::<u64>(), claims.max_bytes());
    if bytes > max && claims.objects().is_some() {
        let message = format!(
            "the results that it joins have more than {bytes} bytes together: at most {max} are allowed (objects.max_bytes)"
        );
        let failure = Failure::new(codes::INVALID, message).with_param("body");
        return Ok(Complete::Join(whole(Vec::new()), Some(failure)));
    }
    let mut results = Vec::with_capacity(members.len());
    for member in members {
        results.push(result(claims, tenant, member).await?);
    }
    Ok(Complete::Join(whole(results), None))
}

/// The size of a member's result in the object store.
fn offloaded_bytes(stored: &Stored) -> u64 {
    stored.outcome.claim().map_or(0, |claim| claim.bytes)
}

async fn result(claims: &Claims, tenant: &TenantId, (job, stored): (JobId, Stored)) -> Result<Value, Blocked> {
    let state = stored.outcome.event_type().as_str();
    Ok(match stored.outcome {
        Outcome::Done(output) => json!({"job": job, "state": state, "output": output}),
        Outcome::Claimed(claim) => {
            let output = claims::output(claims, tenant, &claim).await?;
            json!({"job": job, "state": state, "output": output})
        }
        Outcome::Failed(failure) => json!({"job": job, "state": state, "error": failure}),
        Outcome::Cancelled => json!({"job": job, "state": state}),
    })
}

fn batch(tenant: &TenantId, id: Uuid, group: Group) -> Complete {
    let Group { done, failed, cancelled, .. } = group;
    let job = JobRef { tenant: tenant.clone(), id: JobId(id) };
    let counts = BatchCounts { total: done + failed + cancelled, done, failed, cancelled };
    let callback = group.callback.and_then(|callback| match serde_json::from_value::<Template>(callback) {
        Ok(template) => Some(flow::callback(id, &template, counts)),
        Err(error) => {
            warn!(batch = %id, %error, "the batch's callback can't be read: none is started");
            None
        }
    });
    Complete::Batch { job, callback, counts }
}

pub(super) async fn end_batch(
    (bus, clock): (&Arc<dyn Bus>, &Arc<dyn Clock>),
    job: JobRef,
    counts: BatchCounts,
) -> Result<(), Blocked> {
    let last = bus.last(&job).await?;
    if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
        return Ok(());
    }
    let mut log = EventLog::open((Arc::clone(bus), Arc::clone(clock)), job, flow::BATCH, 1, last.as_ref());
    match log.append(EventType::Done, json!(counts)).await {
        Ok(()) | Err(LogError::Ended) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
