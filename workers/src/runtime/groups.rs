//! What starts when all jobs of a group have ended: the join of a fan, or the callback of a batch.
//!
//! Each member asks after its own commit, which has counted it. Counting is one row's update, so of the members that
//! end at once the last one to commit sees all others: at least one sees the group complete. Where several do, or
//! one does twice, the join has the same id each time, and the batch's log takes one last event.

use std::sync::Arc;

use ruche_schemas::{
    EventType, Failure, JobId, JobRef, Kind, Lane, TenantId,
    event::Outcome,
    failure::codes,
    flow::{Join, MAX_CHILDREN, Member, Origin, Template, child},
};
use serde_json::{Value, json};
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    EventLog, LogError, claims,
    follow_ups::{Ends, HeldUp, refuse, start},
};
use crate::ports::ledger::{Group, Stored};

/// The kind in the events of a batch's own log.
const BATCH: Kind = Kind::new("batch");

/// Looks whether a member's group is complete, and starts what waits for it.
pub(super) async fn look(ends: &Ends, tenant: &TenantId, member: &Member) -> Result<(), HeldUp> {
    let Some(group) = ends.ledger.group(tenant, member.group).await? else { return Ok(()) };
    if !group.is_complete() {
        return Ok(());
    }
    match &member.join {
        _ if group.batch => batch(ends, tenant, member.group, group).await,
        Some(join) => joined(ends, tenant, member.group, join).await,
        None => Ok(()),
    }
}

async fn joined(ends: &Ends, tenant: &TenantId, group: Uuid, join: &Join) -> Result<(), HeldUp> {
    let members = ends.ledger.members(tenant, group, MAX_CHILDREN as u64).await?;
    info!(group = %group, jobs = members.len(), "all jobs of a fan have ended");
    let whole = |results: Vec<Value>| {
        let results = json!({ "results": results });
        child(join.id, &join.template, &results, Lane::default(), join.origin, None)
    };
    let (bytes, max) = (members.iter().map(|(_, stored)| kept_apart(stored)).sum::<u64>(), ends.claims.max_bytes());
    if bytes > max && ends.claims.objects().is_some() {
        let message = format!(
            "the results that it joins have more than {bytes} bytes together: at most {max} are allowed (objects.max_bytes)"
        );
        return refuse(ends, tenant, whole(Vec::new()), Failure::new(codes::INVALID, message).with_param("body")).await;
    }
    let mut results = Vec::with_capacity(members.len());
    for member in members {
        results.push(result(ends, tenant, member).await?);
    }
    start(ends, tenant, whole(results)).await
}

/// How many bytes of a member's result are in the object store.
fn kept_apart(stored: &Stored) -> u64 {
    stored.outcome.claim().map_or(0, |claim| claim.bytes)
}

async fn result(ends: &Ends, tenant: &TenantId, (job, stored): (JobId, Stored)) -> Result<Value, HeldUp> {
    let state = stored.outcome.event_type().as_str();
    Ok(match stored.outcome {
        Outcome::Done(output) => json!({"job": job, "state": state, "output": output}),
        Outcome::Claimed(claim) => {
            let output = claims::output(&ends.claims, tenant, &claim).await?;
            json!({"job": job, "state": state, "output": output})
        }
        Outcome::Failed(failure) => json!({"job": job, "state": state, "error": failure}),
        Outcome::Cancelled => json!({"job": job, "state": state}),
    })
}

async fn batch(ends: &Ends, tenant: &TenantId, id: Uuid, group: Group) -> Result<(), HeldUp> {
    let Group { done, failed, cancelled, .. } = group;
    let job = JobRef { tenant: tenant.clone(), id: JobId(id) };
    let counts = json!({"total": done + failed + cancelled, "done": done, "failed": failed, "cancelled": cancelled});
    if let Some(callback) = group.callback {
        match serde_json::from_value::<Template>(callback) {
            Ok(template) => {
                let mut result = counts.clone();
                result["batch"] = json!(id);
                let origin = Origin { root: job.id, parent: job.id };
                let id = job.id.derived("callback");
                start(ends, tenant, child(id, &template, &result, Lane::default(), origin, None)).await?;
            }
            Err(error) => warn!(batch = %id, %error, "the batch's callback can't be read: none is started"),
        }
    }
    let last = ends.bus.last(&job).await?;
    if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
        return Ok(());
    }
    let mut log = EventLog::open(Arc::clone(&ends.bus), job, BATCH, 1, last.as_ref());
    match log.append(EventType::Done, counts).await {
        Ok(()) | Err(LogError::Ended) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
