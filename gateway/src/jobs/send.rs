//! Sends jobs on their way: publishes each, waits until the bus holds it, and begins its log.
//!
//! Besides `submit`, what gateways send of themselves goes through here too: dead letters that are replayed, callbacks.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use ruche_bus::{AppendError, Headers, Message, PublishError, trace};
use ruche_schemas::{Envelope, EventType, JobRef, Record, event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::relay::Relay;
use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
};

/// How a job is sent on its way.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    /// When it is to begin, if that is later.
    pub(crate) run_at: Option<DateTime<Utc>>,
    /// BLAKE3 of its body as it was submitted.
    pub(crate) fingerprint: Option<String>,
    /// Its id was made just now, and nothing decides it: nobody else can ask for it, and it is to be done at once.
    pub(crate) is_new: bool,
    /// Its events are wanted. They are listened to before it is published, if it is new: nothing is to be waited for then.
    pub(crate) follow: bool,
}

/// A job that is on its way.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The bus had it before: nothing was added.
    pub(crate) duplicate: bool,
    /// Its events, where they were wanted and could be had at once.
    pub(crate) events: Option<Relay>,
}

/// The data of a log's first event, as a gateway writes it.
#[derive(Debug, Serialize, Deserialize)]
struct Beginning {
    #[serde(flatten)]
    accepted: event::Accepted,
    /// BLAKE3 of the body, to tell another job under the same idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

impl App {
    /// Publishes a job as it is, now or for later, and begins its log.
    ///
    /// The log of a job whose id nobody can know yet is begun first, and the job says where: its worker need not look
    /// then. Any other job is published first, since who finds it in its log must find it in its queue.
    ///
    /// # Errors
    /// As the bus refuses it.
    pub(crate) async fn send<T: Serialize>(&self, envelope: &Envelope<T>, sending: Sending) -> Result<Sent, ApiError> {
        let Sending { run_at, is_new, follow, .. } = sending;
        let job = JobRef { tenant: envelope.tenant.clone(), id: envelope.id };
        let payload = serde_json::to_vec(envelope).map_err(|_| ApiError::internal())?.into();
        let mut headers = Headers::new();
        trace::inject(&mut headers);
        let accepted = accepted(envelope, sending)?;
        let first_seq = match is_new {
            true => self.say_accepted(&job, &accepted).await,
            false => None,
        };
        let (kind, lane) = (envelope.kind.clone(), envelope.lane);
        let message = Message { job: job.clone(), kind, lane, payload, headers, first_seq };
        let publish = async {
            match run_at {
                Some(at) => bounded(limits::PUBLISH_TIME, self.bus.publish_at(message, at)).await,
                None => bounded(limits::PUBLISH_TIME, self.bus.publish(message)).await,
            }
        };
        let listen = async {
            match follow && first_seq.is_some() {
                // Whoever wants the events asks again where this fails.
                true => Relay::open(self, job.clone(), 1).await.ok(),
                false => None,
            }
        };
        let (published, events) = tokio::join!(publish, listen);
        match (&published, first_seq) {
            (Ok(_), _) if !is_new => drop(self.say_accepted(&job, &accepted).await),
            // Where it is not known whether the bus has the job, it may have.
            (Err(error), Some(sequence)) if !matches!(error, PublishError::Unavailable(_)) => {
                self.retract(&job, sequence).await;
            }
            _ => {}
        }
        let receipt = published?;
        tracing::info!(job.id = %job.id, job.kind = %envelope.kind, job.lane = %envelope.lane, job.duplicate = receipt.duplicate, "accepted");
        Ok(Sent { duplicate: receipt.duplicate, events })
    }

    /// Begins the job's log; returns where. Nothing here can refuse the job: it runs all the same.
    async fn say_accepted(&self, job: &JobRef, record: &Record) -> Option<u64> {
        match self.bus.append(job, 0, record).await {
            Ok(sequence) => Some(sequence),
            // A worker was faster, or the job is a duplicate.
            Err(AppendError::Conflict) => None,
            Err(error) => {
                tracing::warn!(job.id = %job.id, error.message = %error, "the job's log could not be begun");
                None
            }
        }
    }

    /// Takes the beginning of a log back whose job was refused. Nobody knows of it, so it may also stay.
    async fn retract(&self, job: &JobRef, sequence: u64) {
        if let Err(error) = self.bus.retract(job, sequence).await {
            tracing::debug!(job.id = %job.id, error.message = %error, "the beginning of a refused job's log stays");
        }
    }

    /// That the job under this id has this body, as far as its log tells; and its batch.
    pub(crate) async fn same(&self, job: &JobRef, fingerprint: &str) -> Result<Option<Uuid>, ApiError> {
        let Some(record) = self.first(job).await? else { return Ok(None) };
        let Ok(beginning) = record.parse::<Beginning>() else { return Ok(None) };
        match beginning.fingerprint {
            Some(first) if first != fingerprint => Err(ApiError::key_reused(job.id)),
            _ => Ok(beginning.accepted.batch),
        }
    }

    /// The first event of a job that has a log.
    pub(crate) async fn first(&self, job: &JobRef) -> Result<Option<Record>, ApiError> {
        let mut events = self.bus.watch(job, 1).await?;
        match tokio::time::timeout(limits::FIRST, events.next()).await {
            Ok(record) => Ok(record.transpose()?),
            Err(_) => Ok(None),
        }
    }
}

/// The first event of a job's log.
fn accepted<T>(envelope: &Envelope<T>, sending: Sending) -> Result<Record, ApiError> {
    let Sending { run_at, fingerprint, .. } = sending;
    let accepted = event::Accepted {
        lane: envelope.lane,
        run_at,
        origin: envelope.origin,
        batch: envelope.member.as_ref().filter(|member| member.of.is_none()).map(|member| member.group),
        on_success: envelope.on_success.clone(),
        on_failure: envelope.on_failure.clone(),
    };
    let data = serde_json::to_value(Beginning { accepted, fingerprint }).map_err(|_| ApiError::internal())?;
    let (event, kind) = (EventType::Accepted, envelope.kind.clone());
    Ok(Record { n: 1, event, kind, attempt: 0, at: envelope.created_at, data, claim: None })
}

async fn bounded<T>(time: Duration, publish: impl Future<Output = Result<T, PublishError>>) -> Result<T, PublishError> {
    let silent = |_| Err(PublishError::Unavailable(format!("no answer within {} s", time.as_secs())));
    tokio::time::timeout(time, publish).await.unwrap_or_else(silent)
}
