//! The one path of a job into the system: check, publish, wait until the bus holds it, say `accepted`.
//!
//! Every entrance (OpenAI's, `/v1/jobs`, the WebSocket) ends here, so that a job refused at one is refused at all,
//! and a job answered with an id is one that survives a crash.

use std::time::Duration;

use chrono::Utc;
use ruche_bus::{AppendError, Headers, Message, PublishError, trace};
use ruche_schemas::{
    Envelope, EventType, Failure, JobId, JobRef, Kind, Lane, Record, TenantId,
    failure::codes,
    jobs::{Descriptor, Job as _, chat::Chat},
};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use crate::{App, error::ApiError, limits};

/// A job that somebody wants done.
#[derive(Debug)]
pub struct Submission<'a> {
    /// Who wants it.
    pub tenant: &'a TenantId,
    /// How urgent it is.
    pub lane: Lane,
    /// What makes the same submission the same job.
    pub idempotency_key: Option<&'a str>,
}

/// A job that the bus holds.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// The same job was submitted before: nothing was added.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    pub conversation: Option<Uuid>,
}

impl App {
    /// Submits a job of any kind, given as JSON.
    ///
    /// # Errors
    /// 4xx that name the field (nothing was published), or 503 when the bus can't take it.
    pub async fn submit(&self, kind: &str, json: &str, submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let descriptor = self.descriptor(kind)?;
        check_size(descriptor, json.len())?;
        let body = descriptor.parse(json)?;
        if descriptor.kind == Chat::KIND {
            let chat = serde_json::from_str(body.get()).map_err(|_| ApiError::internal())?;
            return self.submit_chat(chat, submission).await;
        }
        self.publish(descriptor, None, &body, submission).await
    }

    /// Submits a chat.
    ///
    /// # Errors
    /// As [`App::submit`]; 404 too for a model that no worker has and for an unknown conversation.
    pub async fn submit_chat(&self, mut chat: Chat, submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let descriptor = self.descriptor(Chat::KIND.as_str())?;
        chat.check()?;
        if let Some(id) = chat.conversation
            && !self.store.has_conversation(submission.tenant, id).await?
        {
            let message = format!("there is no conversation {id}: leave `conversation` out to begin a new one");
            return Err(ApiError::not_found(codes::UNKNOWN_CONVERSATION, message).param("conversation"));
        }
        if let Some(model) = &chat.model {
            self.models.check(&*self.bus, &Chat::KIND, model).await?;
        }
        let id = self.job_id(&Chat::KIND, &submission)?;
        if chat.store {
            // The conversation that a job begins carries the job's id: a repeated submission names the same one.
            chat.conversation.get_or_insert(id.0);
        }
        let body = serde_json::value::to_raw_value(&chat).map_err(|_| ApiError::internal())?;
        check_size(descriptor, body.get().len())?;
        let mut accepted = self.publish(descriptor, Some(id), &body, submission).await?;
        accepted.conversation = chat.conversation.filter(|_| chat.store);
        Ok(accepted)
    }

    fn descriptor(&self, kind: &str) -> Result<&Descriptor, ApiError> {
        let known = kind.parse::<Kind>().ok().and_then(|kind| self.kinds.get(&kind));
        known.ok_or_else(|| {
            let kinds: Vec<&str> = self.kinds.keys().map(Kind::as_str).collect();
            let message = format!("there are no jobs of kind {kind:?}: there are {}", kinds.join(", "));
            ApiError::not_found("unknown_kind", message).param("kind")
        })
    }

    fn job_id(&self, kind: &Kind, submission: &Submission<'_>) -> Result<JobId, ApiError> {
        let Some(key) = submission.idempotency_key else { return Ok(JobId::generate()) };
        if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY_BYTES {
            let max = limits::IDEMPOTENCY_KEY_BYTES;
            let message = format!("the idempotency key has {} bytes: 1 to {max} are allowed", key.len());
            return Err(ApiError::invalid("idempotency-key", message));
        }
        Ok(JobId::from_idempotency_key(submission.tenant, kind, key))
    }

    async fn publish(
        &self,
        descriptor: &Descriptor,
        id: Option<JobId>,
        body: &RawValue,
        submission: Submission<'_>,
    ) -> Result<Accepted, ApiError> {
        let kind = descriptor.kind.clone();
        let id = id.map_or_else(|| self.job_id(&kind, &submission), Ok)?;
        let job = JobRef { tenant: submission.tenant.clone(), id };
        let mut accepted = Accepted { job: job.clone(), kind: kind.clone(), duplicate: false, conversation: None };
        // The server forgets ids after its dedup window; the job's log remembers them longer.
        if submission.idempotency_key.is_some() && self.bus.last(&job).await?.is_some() {
            accepted.duplicate = true;
            return Ok(accepted);
        }
        let version = descriptor.version;
        let (tenant, lane) = (submission.tenant.clone(), submission.lane);
        let envelope = Envelope::of(kind.clone(), version, id, tenant, lane, Utc::now(), body);
        let payload = serde_json::to_vec(&envelope).map_err(|_| ApiError::internal())?.into();
        let mut headers = Headers::new();
        trace::inject(&mut headers);
        let message = Message { job: job.clone(), kind: kind.clone(), lane: submission.lane, payload, headers };
        let receipt = bounded(limits::PUBLISH_TIME, self.bus.publish(message)).await?;
        accepted.duplicate = receipt.duplicate;
        self.say_accepted(&job, kind, envelope.created_at).await;
        tracing::info!(job.id = %id, job.kind = %accepted.kind, job.lane = %submission.lane, job.duplicate = receipt.duplicate, "accepted");
        Ok(accepted)
    }

    /// Begins the job's log. The job is durable already, so nothing here can refuse it any more.
    async fn say_accepted(&self, job: &JobRef, kind: Kind, at: chrono::DateTime<Utc>) {
        let record = Record { n: 1, event: EventType::Accepted, kind, attempt: 0, at, data: Value::Null };
        match self.bus.append(job, 0, &record).await {
            // A conflict: a worker was faster, or the job is a duplicate.
            Ok(_) | Err(AppendError::Conflict) => {}
            Err(error) => tracing::warn!(job.id = %job.id, error.message = %error, "the job's log could not be begun"),
        }
    }
}

fn check_size(descriptor: &Descriptor, bytes: usize) -> Result<(), ApiError> {
    let max = descriptor.limits.payload_bytes;
    match bytes > max {
        true => {
            let message = format!("the job has {bytes} bytes: a {} job may have at most {max}", descriptor.kind);
            Err(ApiError::too_large("body", message))
        }
        false => Ok(()),
    }
}

async fn bounded<T>(time: Duration, publish: impl Future<Output = Result<T, PublishError>>) -> Result<T, PublishError> {
    let silent = |_| Err(PublishError::Unavailable(format!("no answer within {} s", time.as_secs())));
    tokio::time::timeout(time, publish).await.unwrap_or_else(silent)
}

/// What a client is told when its job ended badly. Failures of the input keep their field.
#[must_use]
pub fn refusal(job: JobId, record: &Record) -> Option<ApiError> {
    match record.event {
        EventType::Failed => {
            let unreadable = || Failure::new("failed", "the job failed; the worker's log has the cause");
            Some(ApiError::failed(job, record.parse().unwrap_or_else(|_| unreadable())))
        }
        EventType::Cancelled => Some(ApiError::cancelled(job)),
        _ => None,
    }
}
