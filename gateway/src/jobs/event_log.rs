//! The gateway's writes to a job's log: the first event, and the last one of a job that no worker sees.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use ruche_bus::{AppendError, Bus};
use ruche_schemas::{Envelope, EventType, JobRef, Kind, Record, event};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::http::{error::ApiError, limits};

/// Tries to append an event while others append too.
const TRIES: u32 = 5;

#[derive(Clone)]
pub struct EventLog(Arc<dyn Bus>);

/// The data of a log's first event.
#[derive(Debug, Deserialize)]
struct Beginning {
    #[serde(flatten)]
    accepted: event::Accepted,
    /// BLAKE3 of the body, to detect another job under the same idempotency key.
    #[serde(default)]
    fingerprint: Option<String>,
}

impl EventLog {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self(bus)
    }

    /// Appends an event; nothing to a log that has ended.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn append(
        &self,
        job: &JobRef,
        kind: &Kind,
        event: EventType,
        at: DateTime<Utc>,
        data: Value,
    ) -> Result<(), ApiError> {
        for _ in 0..TRIES {
            let last = self.0.last(job).await?;
            if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
                return Ok(());
            }
            let (after, n) = last.map_or((0, 1), |last| (last.sequence, last.record.n + 1));
            let record = Record { n, event, kind: kind.clone(), attempt: 0, at, data: data.clone(), claim: None };
            match self.0.append(job, after, &record).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict) => {}
                Err(AppendError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(ApiError::unavailable("log_busy", "another process is writing the job's events: try again in a moment", 1))
    }

    /// Begins a job's log; returns the position. A failure does not refuse the job, which runs anyway.
    pub(crate) async fn begin(&self, job: &JobRef, record: &Record) -> Option<u64> {
        match self.0.append(job, 0, record).await {
            Ok(sequence) => Some(sequence),
            // A worker was faster, or the job is a duplicate.
            Err(AppendError::Conflict) => None,
            Err(error) => {
                tracing::warn!(job.id = %job.id, error.message = %error, "the job's log could not be begun");
                None
            }
        }
    }

    /// Deletes the first event of a refused job. A failure does no harm: nobody reads that log.
    pub(crate) async fn retract(&self, job: &JobRef, sequence: u64) {
        if let Err(error) = self.0.retract(job, sequence).await {
            tracing::debug!(job.id = %job.id, error.message = %error, "the first event of a refused job stays");
        }
    }

    pub(crate) async fn first(&self, job: &JobRef) -> Result<Option<Record>, ApiError> {
        let mut events = self.0.watch(job, 1).await?;
        match tokio::time::timeout(limits::FIRST, events.next()).await {
            Ok(record) => Ok(record.transpose()?),
            Err(_) => Ok(None),
        }
    }

    /// The batch of the job with this id.
    ///
    /// # Errors
    /// 422 if its log has another body's fingerprint.
    pub(crate) async fn batch_of(&self, job: &JobRef, fingerprint: &str) -> Result<Option<Uuid>, ApiError> {
        let Some(record) = self.first(job).await? else { return Ok(None) };
        let Ok(beginning) = record.parse::<Beginning>() else { return Ok(None) };
        match beginning.fingerprint {
            Some(first) if first != fingerprint => Err(ApiError::key_reused(job.id)),
            _ => Ok(beginning.accepted.batch),
        }
    }
}

pub(crate) fn accepted<T>(
    envelope: &Envelope<T>,
    run_at: Option<DateTime<Utc>>,
    fingerprint: Option<String>,
) -> Record {
    let mut record = envelope.accepted(run_at);
    if let Some(fingerprint) = fingerprint {
        record.data["fingerprint"] = fingerprint.into();
    }
    record
}
