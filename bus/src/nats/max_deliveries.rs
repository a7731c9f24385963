//! Moves jobs that reached the bound on deliveries to the dead letters: the backstop if no worker lived long enough
//! to write why.
//!
//! When a worker next asks for jobs, the server publishes an advisory without the job, and leaves the job in its
//! queue without further delivery. The order makes a crash harmless: store the letter; let the caller record the
//! job's end; delete the job; acknowledge the advisory. After a crash in between the advisory is redelivered, and
//! each step may be repeated.

use std::{sync::Arc, time::Duration};

use async_nats::Message;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{Failure, JobRef, Kind, clock, failure::codes, topology::rows::ADVISORY_CONSUMER};
use serde::Deserialize;
use serde_json::json;

use super::{
    connection::{ANSWER, RequestError},
    delivery,
    headers::from_nats,
    shared::Shared,
    store::Entry,
};
use crate::{
    port::{DeadLetter, Unavailable},
    retry::{Backoff, RetryPolicy},
};

/// How long the server waits for an advisory.
const WAIT: Duration = Duration::from_secs(20);

/// The same after an error, so that the end of an outage is soon known.
const RECOVERY_WAIT: Duration = Duration::from_secs(1);

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(200), Duration::from_secs(10));

#[derive(Deserialize)]
struct Advisory {
    stream: String,
    stream_seq: u64,
    deliveries: u64,
    timestamp: DateTime<Utc>,
}

/// An advisory whose letter is stored and whose job is still in its queue.
struct Pending {
    stream: String,
    sequence: u64,
    reply: String,
}

struct MaxDeliveriesWatcher {
    shared: Arc<Shared>,
    pending: Option<Pending>,
    delays: Backoff,
    failed: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "the port lets an adapter fail here")]
pub(super) fn watch(
    shared: Arc<Shared>,
) -> Result<BoxStream<'static, Result<Option<JobRef>, Unavailable>>, Unavailable> {
    let watcher = MaxDeliveriesWatcher { shared, pending: None, delays: RETRY.delays(), failed: false };
    let next = |mut watcher: MaxDeliveriesWatcher| async move { Some((watcher.next().await, watcher)) };
    Ok(stream::unfold(watcher, next).boxed())
}

impl MaxDeliveriesWatcher {
    /// After an error the next call waits, longer each time.
    async fn next(&mut self) -> Result<Option<JobRef>, Unavailable> {
        if self.failed {
            self.delays.wait().await;
        }
        let found = self.step().await;
        self.failed = found.is_err();
        if !self.failed {
            self.delays.reset();
        }
        found
    }

    async fn step(&mut self) -> Result<Option<JobRef>, Unavailable> {
        if let Some(pending) = &self.pending {
            self.shared.connection.delete(&pending.stream, pending.sequence).await?;
            self.shared.acknowledge(&pending.reply).await?;
            self.pending = None;
        }
        let (shared, wait) = (&self.shared, if self.failed { RECOVERY_WAIT } else { WAIT });
        let Some(message) = shared.with_streams(|| shared.advisory(wait)).await? else { return Ok(None) };
        let Some(reply) = message.reply.map(|reply| reply.to_string()) else { return Ok(None) };
        let advisory = serde_json::from_slice::<Advisory>(&message.payload).ok();
        let job = match &advisory {
            Some(advisory) => self.shared.put_for(advisory).await?,
            None => None,
        };
        match (job, advisory) {
            (Some(job), Some(advisory)) => {
                self.pending = Some(Pending { stream: advisory.stream, sequence: advisory.stream_seq, reply });
                Ok(Some(job))
            }
            _ => {
                // The job is gone: another watcher was faster.
                self.shared.acknowledge(&reply).await?;
                Ok(None)
            }
        }
    }
}

impl Shared {
    /// `None` when there is none for a while.
    async fn advisory(&self, wait: Duration) -> Result<Option<Message>, RequestError> {
        let asked = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{ADVISORY_CONSUMER}", self.names.stream("ADVISORIES"));
        let expires = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let mut answers = self.connection.request_many(asked, &json!({"batch": 1, "expires": expires})).await?;
        let message = answers.next(wait + ANSWER).await?;
        match message.status.map(|status| status.as_u16()) {
            None => Ok(Some(message)),
            Some(404 | 408) => Ok(None),
            Some(503) => Err(RequestError::NoResponders),
            Some(status) => {
                let description = message.description.unwrap_or_default();
                Err(RequestError::Unexpected(format!("NATS answers {status} {description} to a pull of advisories")))
            }
        }
    }

    async fn acknowledge(&self, reply: &str) -> Result<(), RequestError> {
        self.connection.request(reply.to_owned(), None, Bytes::from_static(b"+ACK")).await.map(|_| ())
    }

    /// Stores a letter for the job of an advisory; `None` if the job has left its queue. An existing letter stays:
    /// its worker knew the reason.
    async fn put_for(&self, advisory: &Advisory) -> Result<Option<JobRef>, Unavailable> {
        let Some(kind) = self.names.kind_of(&advisory.stream) else { return Ok(None) };
        let Some(entry) = self.connection.get_from_leader(&advisory.stream, advisory.stream_seq).await? else {
            return Ok(None);
        };
        let Some(letter) = letter(advisory, kind, &entry) else { return Ok(None) };
        if self.dead_letter_of(&letter.job).await?.is_none() {
            self.put(&letter).await?;
            tracing::warn!(job.id = %letter.job.id, job.kind = %letter.kind, job.attempt = letter.attempts,
                "a job that no worker settled is now a dead letter");
        }
        Ok(Some(letter.job))
    }
}

fn letter(advisory: &Advisory, kind: Kind, entry: &Entry) -> Option<DeadLetter> {
    let stream = &advisory.stream;
    let (job, lane) =
        delivery::job_of_message(stream, &entry.subject, Some(&entry.headers), &entry.payload, entry.sequence)?;
    let attempts = u32::try_from(advisory.deliveries).unwrap_or(u32::MAX);
    let message = format!(
        "the job was info out {attempts} times and no worker ended it: look for workers that were killed while \
         they had it, then replay it"
    );
    let headers = from_nats(&entry.headers);
    Some(DeadLetter {
        job,
        kind,
        lane,
        failure: Failure::new(codes::ATTEMPTS, message),
        attempts,
        at: advisory.timestamp.min(clock::now()),
        // W3C: version, trace id, parent id, flags.
        trace_id: headers.get("traceparent").and_then(|parent| parent.split('-').nth(1)).map(str::to_owned),
        payload: String::from_utf8_lossy(&entry.payload).into_owned(),
        headers,
    })
}
