//! Cancels jobs that have not ended.

use std::sync::Arc;

use ruche_bus::Bus;
use ruche_schemas::{EventType, JobId, JobRef, TenantId, clock};
use ruche_store::{Store, jobs::EndedJob};
use serde_json::Value;

use super::{
    batch::Batches,
    event_log::EventLog,
    kinds::Kinds,
    lookup::{Lookup, reference},
    view::JobView,
};
use crate::http::error::ApiError;

#[derive(Clone)]
pub struct Canceller {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) store: Arc<dyn Store>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) log: EventLog,
    pub(super) batches: Batches,
    pub(super) lookup: Lookup,
    /// Whether a job may have left objects.
    pub(super) has_objects: bool,
}

impl Canceller {
    /// # Errors
    /// 404; 409 for a job that has ended; 503: safe to repeat.
    pub(crate) async fn cancel_one(&self, tenant: &TenantId, id: &str) -> Result<JobView, ApiError> {
        let view = self.lookup.find(tenant, id).await?;
        let code = match view.state {
            "done" => "job_done",
            "failed" => "job_failed",
            "cancelled" => "job_cancelled",
            "scheduled" => {
                self.cancel(&view, &reference(tenant, id)?).await?;
                return Ok(JobView { state: "cancelled", ..view });
            }
            _ => {
                self.cancel(&view, &reference(tenant, id)?).await?;
                return Ok(view);
            }
        };
        let message = format!("job {} has ended already: it is {}", view.id, view.state);
        Err(ApiError::conflict(code, message).param("state"))
    }

    /// Cancels a job: its worker stops, or the next one does not begin it. A scheduled one ends at once.
    ///
    /// # Errors
    /// 503: safe to repeat.
    pub(crate) async fn cancel(&self, view: &JobView, job: &JobRef) -> Result<(), ApiError> {
        match view.state {
            "scheduled" => self.cancel_early(view, job).await,
            _ => Ok(self.bus.cancel(job).await?),
        }
    }

    /// Cancels a job that is not due yet. No worker sees it before its time, so it ends here: first its row, which
    /// decides if it becomes due just now, then its message, then its log.
    async fn cancel_early(&self, view: &JobView, job: &JobRef) -> Result<(), ApiError> {
        let kind = self.kinds.descriptor(&view.kind)?.kind.clone();
        self.bus.cancel(job).await?;
        let now = clock::now();
        let row = EndedJob {
            job: job.clone(),
            kind: kind.clone(),
            lane: view.lane.and_then(|lane| lane.parse().ok()).unwrap_or_default(),
            attempt: 1,
            state: EventType::Cancelled,
            data: Value::Null,
            claim: None,
            // Only its message, not read here, would say so; a later search for objects costs less.
            objects: self.has_objects,
            created_at: view.created_at.unwrap_or(view.updated_at),
            ended_at: now,
            trace_id: None,
            root: view.root.map(JobId),
            parent: view.parent.map(JobId),
            group: view.batch,
            children: Vec::new(),
        };
        let counted = self.store.put_cancelled(&row).await?;
        self.bus.unpublish(&kind, job).await?;
        self.log.append(job, &kind, EventType::Cancelled, now, Value::Null).await?;
        match counted {
            Some(batch) => self.batches.end_if_complete(&batch).await,
            None => Ok(()),
        }
    }
}
