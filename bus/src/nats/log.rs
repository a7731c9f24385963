//! The log of a job: one writer at a time, which the server enforces.
//!
//! Each event names the sequence of the event before it. The server refuses a writer that is behind, so a worker that
//! was presumed dead fails at its next event. Events have no message id: the acknowledgement of a duplicate would
//! look like a success to the writer that lost.

use std::time::Duration;

use bytes::Bytes;
use ruche_schemas::{JobRef, Record};

use super::{
    codes::WRONG_LAST_OR_BUSY,
    connection::{ApiError, RequestError},
    shared::Shared,
    store::Entry,
};
use crate::{
    port::{AppendError, Logged, Unavailable},
    retry::RetryPolicy,
};

/// How often an append is sent before the bus counts as unavailable.
const TRIES: u32 = 6;

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(10), Duration::from_millis(160));

impl Shared {
    pub(super) async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError> {
        let payload = serde_json::to_vec(record).map(Bytes::from);
        let payload = payload.map_err(|error| Unavailable(format!("the event can't be written as JSON: {error}")))?;
        let subject = self.names.event(job);
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Expected-Last-Subject-Sequence", after.to_string());
        let mut error = RequestError::Timeout;
        let mut delays = RETRY.delays();
        for attempt in 0..TRIES {
            if attempt > 0 {
                delays.wait().await;
            }
            error = match self.connection.store(subject.clone(), Some(headers.clone()), payload.clone()).await {
                Ok(stored) => return Ok(stored.sequence),
                // It may be stored: the next attempt tells.
                Err(RequestError::Timeout) if attempt < 2 => RequestError::Timeout,
                Err(RequestError::Api(error)) if WRONG_LAST_OR_BUSY.contains(&error.code) => {
                    match self.settled(&subject, after, &payload).await? {
                        Some(verdict) => return verdict,
                        None => RequestError::Api(error),
                    }
                }
                Err(error) => return Err(Unavailable::from(error).into()),
            };
        }
        Err(Unavailable::from(error).into())
    }

    /// The cause of a refused append: the event is stored and its acknowledgement was lost; or another writer was
    /// first. `None` if the log is as this writer expects.
    async fn settled(
        &self,
        subject: &str,
        after: u64,
        payload: &Bytes,
    ) -> Result<Option<Result<u64, AppendError>>, Unavailable> {
        let last = self.connection.last_from_leader(&self.events, subject).await?;
        Ok(match last {
            Some(last) if last.sequence == after => None,
            Some(last) if last.sequence > after && last.payload == *payload => Some(Ok(last.sequence)),
            None if after == 0 => None,
            _ => Some(Err(AppendError::Conflict)),
        })
    }

    pub(super) async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable> {
        let subject = self.names.event(job);
        // A replica may be a moment behind, and a writer would lose to itself.
        let last = match self.config.replicas {
            1 => self.connection.last(&self.events, &subject).await,
            _ => self.connection.last_from_leader(&self.events, &subject).await,
        };
        last?.map(logged).transpose()
    }

    /// `from`: a sequence of the stream.
    pub(super) async fn logged(&self, job: &JobRef, from: u64) -> Result<Vec<Logged>, Unavailable> {
        let entries = self.connection.all(&self.events, &self.names.event(job), from, usize::MAX).await?;
        entries.into_iter().map(logged).collect()
    }
}

fn logged(entry: Entry) -> Result<Logged, Unavailable> {
    Ok(Logged { sequence: entry.sequence, record: record(&entry.payload, entry.sequence)? })
}

pub(super) fn record(payload: &[u8], sequence: u64) -> Result<Record, Unavailable> {
    serde_json::from_slice(payload)
        .map_err(|error| Unavailable(format!("the event with sequence {sequence} can't be read: {error}")))
}

impl ApiError {
    /// Whether a stream is at one of its bounds.
    pub(super) fn is_full(&self) -> bool {
        self.code == 10077 && self.description.contains("maximum")
    }

    /// Whether it is the bound of one subject, not of the whole stream.
    pub(super) fn is_subject_full(&self) -> bool {
        self.is_full() && self.description.contains("per subject")
    }
}
