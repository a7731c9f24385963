//! Test data in the store.

use chrono::{DateTime, SubsecRound as _, Utc};
use ruche_schemas::{EventType, Job as _, JobId, JobRef, Lane, TenantId, clock, kinds::chat::Chat};
use ruche_store::jobs::EndedJob;
use serde_json::json;
use uuid::Uuid;

/// Stores have microseconds.
pub(crate) fn now() -> DateTime<Utc> {
    clock::now().trunc_subsecs(6)
}

pub(crate) fn a_job(owner: &TenantId, state: EventType, group: Option<Uuid>) -> EndedJob {
    EndedJob {
        job: JobRef { tenant: owner.clone(), id: JobId::generate() },
        kind: Chat::KIND,
        lane: Lane::Normal,
        attempt: 1,
        state,
        data: json!(null),
        claim: None,
        objects: false,
        created_at: now(),
        ended_at: now(),
        trace_id: None,
        root: None,
        parent: None,
        group,
        children: Vec::new(),
    }
}
