//! Moves jobs that are due into their queues.
//!
//! Every process that has ensured the streams does this, and the server delivers each job to one of them. A job is
//! acknowledged after its queue has stored it, under an id by which the queue finds duplicates. So a process that
//! dies in between neither loses a job nor doubles it. A job for a full queue is retried.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use async_nats::{Message, StatusCode};
use bytes::Bytes;
use ruche_schemas::{JobId, Kind, Lane, TenantId, topology::rows::DUE_CONSUMER};
use serde_json::json;

use super::{
    connection::{ANSWER, ApiError, RequestError},
    delivery::AckInfo,
    headers::{ATTEMPT, FIRST_SEQ, JOB, SCHEDULE, from_nats, job_id, to_nats},
    shared::Shared,
};
use crate::{port::POOL, recur, retry::RetryPolicy};

/// Jobs that one process moves with one request.
const BATCH: usize = 64;

const WAIT: Duration = Duration::from_secs(5);

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), WAIT);

/// The delay before a job that its queue refused is retried.
const LATER: Duration = Duration::from_secs(5);

/// Runs for as long as the bus exists.
pub(super) async fn run(bus: Weak<Shared>) {
    let mut delays = RETRY.delays();
    while let Some(shared) = bus.upgrade() {
        match shared.move_due().await {
            Ok(()) => delays.reset(),
            Err(error) => {
                tracing::debug!(error = %error, "can't move jobs that are due: trying again");
                drop(shared);
                delays.wait().await;
            }
        }
    }
}

impl Shared {
    async fn move_due(self: &Arc<Self>) -> Result<(), RequestError> {
        let asked = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{DUE_CONSUMER}", self.schedules);
        let body = json!({"batch": BATCH, "expires": u64::try_from(WAIT.as_nanos()).unwrap_or(u64::MAX)});
        let mut answers = self.connection.request_many(asked, &body).await?;
        for _ in 0..BATCH {
            let message = answers.next(WAIT + ANSWER).await?;
            match message.status {
                None => self.move_one(message).await?,
                Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => return Ok(()),
                Some(status) => return Err(RequestError::Unexpected(format!("{status} instead of jobs that are due"))),
            }
        }
        Ok(())
    }

    async fn move_one(&self, message: Message) -> Result<(), RequestError> {
        let Some(reply) = message.reply.as_ref().map(ToString::to_string) else { return Ok(()) };
        let Some((subject, headers, payload)) = self.due_job(&reply, &message) else {
            tracing::warn!(subject = %message.subject, "a due message is no job: dropping it");
            self.connection.request(reply, None, Bytes::from_static(b"+TERM")).await?;
            return Ok(());
        };
        let answer = match self.connection.store_with_retry(subject.clone(), Some(headers), payload).await {
            Ok(_) => Bytes::from_static(b"+ACK"),
            Err(error @ (RequestError::NoResponders | RequestError::TooLarge | RequestError::Api(ApiError { .. }))) => {
                tracing::warn!(subject, error = %error, "the queue of a due job refuses it: trying again");
                Bytes::from(format!(r#"-NAK {{"delay":{}}}"#, LATER.as_nanos()))
            }
            Err(error) => return Err(error),
        };
        self.connection.request(reply, None, answer).await?;
        Ok(())
    }

    /// What to publish for a due message: the subject, the headers with the message id, the payload.
    fn due_job(&self, reply: &str, message: &Message) -> Option<(String, async_nats::HeaderMap, Bytes)> {
        let info = AckInfo::parse(reply)?;
        let mut tokens = message.subject.rsplit('.');
        let (tenant, lane, kind) = (tokens.next()?, tokens.next()?, tokens.next()?);
        let (tenant, lane, kind): (TenantId, Lane, Kind) =
            (tenant.parse().ok()?, lane.parse().ok()?, kind.parse().ok()?);
        let old = message.headers.as_ref()?;
        let own = from_nats(old);
        let mut headers = to_nats(&own);
        let (id, payload): (JobId, Bytes) = match old.get(SCHEDULE) {
            Some(_) => recur::fired(&message.payload, info.sequence, info.published_at)?,
            None => (job_id(Some(old), &message.payload)?, message.payload.clone()),
        };
        headers.insert(JOB, id.to_string());
        if let Some(first_seq) = old.get(FIRST_SEQ) {
            headers.insert(FIRST_SEQ, first_seq.clone());
        }
        match old.get(ATTEMPT) {
            // The queue may still have the job's own id from its first publication.
            Some(attempt) => {
                headers.insert("Nats-Msg-Id", format!("deferred.{}.{}", self.schedules, info.sequence));
                headers.insert(ATTEMPT, attempt.clone());
            }
            None => headers.insert("Nats-Msg-Id", format!("{tenant}.{id}")),
        }
        let pool = own.get(POOL).map(String::as_str);
        Some((self.names.job(&kind, lane, &tenant, pool), headers, payload))
    }
}
