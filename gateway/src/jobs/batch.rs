//! Batches: jobs that are counted together, with a log of their own and a job that their end starts.
//!
//! Workers count in the transaction that ends a job; whoever sees the batch complete tells it, here or there. All that
//! is told has ids that follow from the batch's, so telling it twice is telling it once.

use chrono::{DateTime, Utc};
use ruche_bus::AppendError;
use ruche_schemas::{
    EventType, JobId, JobRef, Kind, Lane, Record, TenantId,
    flow::{self, Next, Origin, Template},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::send::Sending;
use crate::{app::parts::App, http::error::ApiError, ports::Batch};

/// What the events of a batch's log have as their kind.
pub const KIND: Kind = Kind::new("batch");

/// How often an event is written on top of what somebody else wrote meanwhile.
const TRIES: u32 = 5;

/// The id of the job that the end of a batch starts.
#[must_use]
pub fn callback_id(batch: Uuid) -> JobId {
    JobId(batch).derived("callback")
}

/// The counts, as events and callbacks have them.
#[must_use]
pub fn counts(batch: &Batch) -> Value {
    let Batch { total, done, failed, cancelled, .. } = batch;
    json!({ "total": total, "done": done, "failed": failed, "cancelled": cancelled })
}

/// The name of a batch's log.
#[must_use]
pub fn log(tenant: &TenantId, batch: Uuid) -> JobRef {
    JobRef { tenant: tenant.clone(), id: JobId(batch) }
}

impl App {
    /// Makes an open batch and begins its log.
    ///
    /// # Errors
    /// 400 for a callback that can't be; 503.
    pub async fn begin_batch(&self, tenant: &TenantId, callback: Option<Template>) -> Result<Batch, ApiError> {
        if let Some(template) = &callback {
            let refused = |mut invalid: ruche_schemas::Invalid| {
                invalid.param = invalid.param.replacen("on_success[0]", "callback", 1);
                ApiError::from(invalid)
            };
            flow::check(&[Next::One(template.clone())], &[]).map_err(refused)?;
            self.check_template(template, "callback")?;
        }
        let (id, created_at) = (Uuid::now_v7(), Utc::now());
        self.store.create_batch(tenant, id, callback.as_ref(), created_at).await?;
        self.say(&log(tenant, id), &KIND, EventType::Accepted, 0, created_at, Value::Null).await?;
        let tenant = tenant.clone();
        let (done, failed, cancelled) = (0, 0, 0);
        Ok(Batch { id, tenant, total: 0, closed: false, done, failed, cancelled, callback, created_at, ended_at: None })
    }

    /// Closes a batch, and tells its end if all its jobs have ended before. Again is always safe.
    ///
    /// # Errors
    /// 404; 503.
    pub async fn close_batch(&self, tenant: &TenantId, id: Uuid) -> Result<Batch, ApiError> {
        let closed = self.store.close_batch(tenant, id, Utc::now()).await?;
        let batch = closed.ok_or_else(|| no_batch(&id.to_string()))?;
        self.batch_ended(&batch).await?;
        Ok(batch)
    }

    /// Tells that a batch is complete, if it is: starts its callback and ends its log.
    ///
    /// # Errors
    /// 503: again is always safe.
    pub async fn batch_ended(&self, batch: &Batch) -> Result<(), ApiError> {
        if !batch.is_complete() {
            return Ok(());
        }
        let now = Utc::now();
        if let Some(template) = &batch.callback {
            let whole = JobId(batch.id);
            let origin = Origin { root: whole, parent: whole };
            let mut result = counts(batch);
            result["batch"] = json!(batch.id);
            let child = flow::child(callback_id(batch.id), template, &result, Lane::Normal, origin, None);
            let version = self.descriptor(template.kind.as_str())?.version;
            self.send(&child.envelope(batch.tenant.clone(), version, now), Sending::default()).await?;
        }
        self.say(&log(&batch.tenant, batch.id), &KIND, EventType::Done, 0, now, counts(batch)).await
    }

    /// Appends an event to a log on top of what is there; nothing where the log has ended.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn say(
        &self,
        job: &JobRef,
        kind: &Kind,
        event: EventType,
        attempt: u32,
        at: DateTime<Utc>,
        data: Value,
    ) -> Result<(), ApiError> {
        for _ in 0..TRIES {
            let last = self.bus.last(job).await?;
            if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
                return Ok(());
            }
            let (after, n) = last.map_or((0, 1), |last| (last.sequence, last.record.n + 1));
            let record = Record { n, event, kind: kind.clone(), attempt, at, data: data.clone(), claim: None };
            match self.bus.append(job, after, &record).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict) => {}
                Err(AppendError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(ApiError::unavailable("log_busy", "the job's log is written to by others: try again in a moment", 1))
    }
}

/// 404: another tenant's batch is as unknown as one that never was.
pub(crate) fn no_batch(id: &str) -> ApiError {
    let shown: String = id.chars().take(80).collect();
    ApiError::not_found("batch_not_found", format!("there is no batch {shown:?}")).param("batch")
}
