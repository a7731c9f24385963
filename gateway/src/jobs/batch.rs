//! Batches: jobs that are counted together, with a log and a callback job at the end.
//!
//! Workers count in the transaction that ends a job; whoever sees a batch complete publishes the end. All published
//! ids are derived from the batch's, so publishing twice does no harm.

use std::sync::Arc;

use ruche_schemas::{
    EventType, JobId, JobRef, TenantId, clock,
    flow::{self, BatchCounts, Next, Template},
};
use ruche_store::{Store, groups::Batch};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    event_log::EventLog,
    kinds::Kinds,
    publisher::{Publisher, Publishing},
};
use crate::http::{error::ApiError, limits, text::shown};

#[derive(Clone)]
pub struct Batches {
    pub(super) store: Arc<dyn Store>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) publisher: Arc<Publisher>,
    pub(super) log: EventLog,
}

impl Batches {
    /// Creates an open batch and begins its log.
    ///
    /// # Errors
    /// 400 for an invalid callback; 503.
    pub async fn begin(&self, tenant: &TenantId, callback: Option<Template>) -> Result<Batch, ApiError> {
        if let Some(template) = &callback {
            let refused = |mut invalid: ruche_schemas::Invalid| {
                invalid.param = invalid.param.replacen("on_success[0]", "callback", 1);
                ApiError::from(invalid)
            };
            flow::check(&[Next::One(template.clone())], &[]).map_err(refused)?;
            self.kinds.check_template(template, "callback")?;
        }
        let (id, created_at) = (Uuid::now_v7(), clock::now());
        self.store.create_batch(tenant, id, callback.as_ref(), created_at).await?;
        self.log.append(&log(tenant, id), &flow::BATCH, EventType::Accepted, created_at, Value::Null).await?;
        let tenant = tenant.clone();
        let (done, failed, cancelled) = (0, 0, 0);
        Ok(Batch { id, tenant, total: 0, closed: false, done, failed, cancelled, callback, created_at, ended_at: None })
    }

    /// # Errors
    /// 404; 503.
    pub async fn find(&self, tenant: &TenantId, id: &str) -> Result<Batch, ApiError> {
        let parsed = id.parse().map_err(|_| unknown(id))?;
        self.store.batch(tenant, parsed).await?.ok_or_else(|| unknown(id))
    }

    /// The newest first; `None` if the batch that the page begins after is gone.
    ///
    /// # Errors
    /// 503.
    pub async fn page(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, ApiError> {
        Ok(self.store.batches(tenant, limit, after).await?)
    }

    /// Adds jobs. They must be counted before they are answered, so a failure is retried.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn add(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), ApiError> {
        let mut tries = 1;
        loop {
            match self.store.add_to_batch(batch, jobs).await {
                Ok(()) => return Ok(()),
                Err(_) if tries < limits::BATCH_TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes a batch, and ends it if all its jobs have ended. Idempotent.
    ///
    /// # Errors
    /// 404; 503.
    pub async fn close(&self, tenant: &TenantId, id: Uuid) -> Result<Batch, ApiError> {
        let closed = self.store.close_batch(tenant, id, clock::now()).await?;
        let batch = closed.ok_or_else(|| unknown(&id.to_string()))?;
        self.end_if_complete(&batch).await?;
        Ok(batch)
    }

    /// Starts the callback of a complete batch, and ends its log. Idempotent.
    ///
    /// # Errors
    /// 503.
    pub async fn end_if_complete(&self, batch: &Batch) -> Result<(), ApiError> {
        if !batch.is_complete() {
            return Ok(());
        }
        let now = clock::now();
        if let Some(template) = &batch.callback {
            let child = flow::callback(batch.id, template, counts(batch));
            let version = self.kinds.descriptor(template.kind.as_str())?.version;
            let envelope = child.envelope(batch.tenant.clone(), version, now);
            self.publisher.publish(&envelope, Publishing::default()).await?;
        }
        self.log.append(&log(&batch.tenant, batch.id), &flow::BATCH, EventType::Done, now, json!(counts(batch))).await
    }
}

/// The counts in events and callbacks.
#[must_use]
pub fn counts(batch: &Batch) -> BatchCounts {
    let Batch { total, done, failed, cancelled, .. } = *batch;
    BatchCounts { total, done, failed, cancelled }
}

#[must_use]
pub fn log(tenant: &TenantId, batch: Uuid) -> JobRef {
    JobRef { tenant: tenant.clone(), id: JobId(batch) }
}

pub(crate) fn unknown(id: &str) -> ApiError {
    ApiError::not_found(
        "batch_not_found",
        format!("there is no batch {:?}: GET /v1/job-batches lists those that there are", shown(id)),
    )
    .param("batch")
}
