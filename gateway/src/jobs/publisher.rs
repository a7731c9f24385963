//! The one path of a job into the system: check, admit, publish, begin the log.
//!
//! Every entrance (OpenAI's, `/v1/jobs`, the WebSocket) ends here. A job refused at one is refused at all, and a job
//! with an answered id survives a crash.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ruche_bus::{Bus, Headers, Message, POOL, PublishError, Receipt, trace};
use ruche_schemas::{Claim, Envelope, JobId, JobRef, Kind, clock, flow::Member, kinds::Descriptor};
use ruche_store::Store;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    admission::Admission,
    event_log::{EventLog, accepted},
    kinds::{Kinds, Work},
    models::Models,
    payloads::Payloads,
    relay::{Relay, Relays},
    submission::{Accepted, Options, Submission},
};
use crate::http::{error::ApiError, limits};

pub struct Publisher {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) store: Arc<dyn Store>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) admission: Arc<Admission>,
    pub(super) models: Arc<Models>,
    pub(super) payloads: Payloads,
    pub(super) log: EventLog,
    pub(super) relays: Relays,
}

#[derive(Debug, Default)]
pub(crate) struct Publishing {
    /// `None`: now.
    pub(crate) run_at: Option<DateTime<Utc>>,
    /// BLAKE3 of the body as submitted.
    pub(crate) fingerprint: Option<String>,
    /// The id is random and new, so no other request has it, and the job is due now.
    pub(crate) is_new: bool,
    /// Its events are requested. A new job's are watched before it is published, so that none is delayed.
    pub(crate) follow: bool,
}

/// An envelope that the bus has stored.
#[derive(Debug)]
pub(crate) struct Published {
    /// The bus had it before: nothing was added.
    pub(crate) duplicate: bool,
    /// Its events, if requested and available at once.
    pub(crate) events: Option<Relay>,
}

impl Publisher {
    /// Submits a checked job.
    ///
    /// # Errors
    /// 4xx that name the field (nothing was published), or 503 when the bus cannot take it.
    pub async fn submit(&self, work: Work<'_>, submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let Work { descriptor, body } = work;
        let Submission { tenant, idempotency_key, ref options, .. } = submission;
        let kind = descriptor.kind.clone();
        let id = options.id.map_or_else(|| self.job_id(&kind, &submission), Ok)?;
        self.kinds.check_flow(&options.on_success, &options.on_failure)?;
        self.admission.rate(tenant, options.patient).await?;
        let mut job = JobRef { tenant: tenant.clone(), id };
        let fingerprint = options.fingerprint.clone().unwrap_or_else(|| fingerprint(&body));
        if let Some(accepted) = self.submitted_before(&job, &kind, idempotency_key, &fingerprint).await? {
            return Ok(accepted);
        }
        self.admission.backlog(&kind, tenant, options.run_at.is_some()).await?;
        if let Some(other) = self.reserved(&kind, &job, options).await? {
            job.id = other;
            // A gateway that died after it took the key left no job: this one takes its id.
            if self.is_known(&job).await? {
                return Ok(Accepted::again(job, kind));
            }
        }
        let is_new = idempotency_key.is_none() && options.unique.is_none();
        let (claim, body) = self.payloads.offload(&job, &body).await?;
        let envelope = envelope(&job, descriptor, claim, body, &submission);
        let publishing = Publishing {
            run_at: options.run_at,
            fingerprint: Some(fingerprint.clone()),
            is_new: is_new && options.run_at.is_none(),
            follow: options.follow,
        };
        let claim = envelope.claim.as_ref();
        let published = self.publish(&envelope, publishing).await;
        let Published { duplicate, events } = self.payloads.or_delete(claim, is_new, published).await?;
        let batch = match duplicate && idempotency_key.is_some() {
            true => {
                let batch = self.log.batch_of(&job, &fingerprint).await;
                self.payloads.or_delete(claim, false, batch).await?
            }
            false => options.batch.map(|(batch, _)| batch),
        };
        Ok(Accepted { job, kind, duplicate, conversation: None, batch, events })
    }

    /// A new id, or the one derived from the idempotency key.
    ///
    /// # Errors
    /// 400 for an empty key or one that is too long.
    pub(crate) fn job_id(&self, kind: &Kind, submission: &Submission<'_>) -> Result<JobId, ApiError> {
        let Some(key) = submission.idempotency_key else { return Ok(JobId::generate()) };
        if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY_BYTES {
            let max = limits::IDEMPOTENCY_KEY_BYTES;
            let what = if key.is_empty() { "is empty".to_owned() } else { format!("has {} bytes", key.len()) };
            let message = format!("the idempotency key {what}: 1 to {max} bytes are allowed");
            return Err(ApiError::invalid("idempotency-key", message));
        }
        Ok(JobId::from_idempotency_key(submission.tenant, kind, key))
    }

    /// The job that was submitted with this key before, with its batch.
    ///
    /// # Errors
    /// 422 for another job; 503 when the bus does not answer.
    pub(crate) async fn submitted_before(
        &self,
        job: &JobRef,
        kind: &Kind,
        key: Option<&str>,
        fingerprint: &str,
    ) -> Result<Option<Accepted>, ApiError> {
        // The server forgets ids after its dedup window; the job's log keeps them longer.
        if key.is_none() || self.bus.last(job).await?.is_none() {
            return Ok(None);
        }
        let batch = self.log.batch_of(job, fingerprint).await?;
        Ok(Some(Accepted { batch, ..Accepted::again(job.clone(), kind.clone()) }))
    }

    /// The other job that has this one's unique key.
    async fn reserved(&self, kind: &Kind, job: &JobRef, options: &Options) -> Result<Option<JobId>, ApiError> {
        let Some(unique) = &options.unique else { return Ok(None) };
        Ok(self.bus.reserve(kind, &job.tenant, &unique.key, unique.window, job.id).await?)
    }

    async fn is_known(&self, job: &JobRef) -> Result<bool, ApiError> {
        Ok(self.bus.last(job).await?.is_some() || self.store.job(job).await?.is_some())
    }

    /// Publishes an envelope, now or for later, and begins its log.
    ///
    /// The log of a job with a new id is begun first, and the message has its position, so the worker need not look.
    /// Any other job is published first: a job in a log must be in its queue.
    ///
    /// # Errors
    /// As the bus refuses it.
    pub(crate) async fn publish<T: Serialize>(
        &self,
        envelope: &Envelope<T>,
        publishing: Publishing,
    ) -> Result<Published, ApiError> {
        let Publishing { run_at, fingerprint, is_new, follow } = publishing;
        let job = JobRef { tenant: envelope.tenant.clone(), id: envelope.id };
        let payload = serde_json::to_vec(envelope).map_err(|_| ApiError::internal())?;
        let mut headers = Headers::new();
        trace::inject(&mut headers);
        let pool = self.models.pool(&envelope.kind, &payload).await;
        headers.extend(pool.map(|pool| (POOL.to_owned(), pool)));
        let accepted = accepted(envelope, run_at, fingerprint);
        let first_seq = match is_new {
            true => self.log.begin(&job, &accepted).await,
            false => None,
        };
        let (kind, lane) = (envelope.kind.clone(), envelope.lane);
        let message = Message { job: job.clone(), kind, lane, payload: payload.into(), headers, first_seq };
        let watch = async {
            match follow && first_seq.is_some() {
                // On failure, the client's request for events tries again.
                true => self.relays.open(job.clone(), 1).await.ok(),
                false => None,
            }
        };
        let (published, events) = tokio::join!(self.hand_over(message, run_at), watch);
        match (&published, first_seq) {
            (Ok(_), _) if !is_new => drop(self.log.begin(&job, &accepted).await),
            // If it is unknown whether the bus has the job, it may have.
            (Err(error), Some(sequence)) if !matches!(error, PublishError::Unavailable(_)) => {
                self.log.retract(&job, sequence).await;
            }
            _ => {}
        }
        let receipt = published?;
        tracing::info!(job.id = %job.id, job.kind = %envelope.kind, job.lane = %envelope.lane, job.duplicate = receipt.duplicate, "accepted");
        Ok(Published { duplicate: receipt.duplicate, events })
    }

    /// Publishes a message within a bounded time.
    async fn hand_over(&self, message: Message, run_at: Option<DateTime<Utc>>) -> Result<Receipt, PublishError> {
        let publish = async {
            match run_at {
                Some(at) => self.bus.publish_at(message, at).await,
                None => self.bus.publish(message).await,
            }
        };
        let late = |_| Err(PublishError::Unavailable(format!("no answer within {} s", limits::PUBLISH_TIME.as_secs())));
        tokio::time::timeout(limits::PUBLISH_TIME, publish).await.unwrap_or_else(late)
    }
}

fn envelope<'a>(
    job: &JobRef,
    descriptor: &Descriptor,
    claim: Option<Claim>,
    body: &'a RawValue,
    submission: &Submission<'_>,
) -> Envelope<&'a RawValue> {
    let (options, tenant, at) = (&submission.options, job.tenant.clone(), clock::now());
    let (kind, version) = (descriptor.kind.clone(), descriptor.version);
    let mut envelope = Envelope::of(kind, version, job.id, tenant, submission.lane, at, body);
    (envelope.claim, envelope.ephemeral) = (claim, options.ephemeral);
    envelope.on_success.clone_from(&options.on_success);
    envelope.on_failure.clone_from(&options.on_failure);
    envelope.member = options.batch.map(|(group, index)| Member { group, index, of: None, join: None });
    envelope
}

/// BLAKE3.
pub(crate) fn fingerprint(body: &RawValue) -> String {
    blake3::hash(body.get().as_bytes()).to_hex()[..32].to_owned()
}
