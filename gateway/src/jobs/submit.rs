//! The one path of a job into the system: check it, then [`send`](super::send) it on its way.
//!
//! Every entrance (OpenAI's, `/v1/jobs`, the WebSocket) ends here, so that a job refused at one is refused at all,
//! and a job answered with an id is one that survives a crash.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::{
    Envelope, EventType, Failure, JobId, JobRef, Kind, Lane, Record, TenantId,
    failure::codes,
    flow::{Member, Next},
    kinds::{Descriptor, Job as _, chat::Chat},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{relay::Relay, send::Sending};
use crate::{
    app::parts::App,
    bots,
    http::{error::ApiError, limits},
};

/// A job that somebody wants done.
#[derive(Debug)]
pub struct Submission<'a> {
    /// Who wants it.
    pub tenant: &'a TenantId,
    /// How urgent it is.
    pub lane: Lane,
    /// What makes the same submission the same job.
    pub idempotency_key: Option<&'a str>,
    /// What else is wanted.
    pub options: Options,
}

impl<'a> Submission<'a> {
    /// A job to be done now, once.
    #[must_use]
    pub fn new(tenant: &'a TenantId, lane: Lane, idempotency_key: Option<&'a str>) -> Self {
        Self { tenant, lane, idempotency_key, options: Options::default() }
    }
}

/// What few jobs want.
#[derive(Debug, Default)]
pub struct Options {
    /// When it is to begin, if that is later.
    pub run_at: Option<DateTime<Utc>>,
    /// What follows when it is done.
    pub on_success: Vec<Next>,
    /// What follows when it has failed.
    pub on_failure: Vec<Next>,
    /// No second job with this key.
    pub unique: Option<Unique>,
    /// The batch, and the place in it.
    pub batch: Option<(Uuid, u32)>,
    /// Whether to wait for the tenant's turn where it submits too fast, instead of a refusal.
    pub patient: bool,
    /// Whether somebody follows it from its first event on.
    pub follow: bool,
    /// Whether it is kept in its events only, and in no row.
    pub ephemeral: bool,
    /// What tells it from another job under its idempotency key, where that is not its body: that of a bot's chat has
    /// passages that nobody sent.
    pub fingerprint: Option<String>,
}

/// A key that one job has for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// The key, unique with the tenant and the kind.
    pub key: String,
    /// For how long.
    pub window: Duration,
}

/// A job that the bus holds.
#[derive(Debug)]
pub struct Accepted {
    /// Which job, of whom.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// The same job was submitted before: nothing was added.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    pub conversation: Option<Uuid>,
    /// The batch that counts it.
    pub batch: Option<Uuid>,
    /// Its events, where that was asked for and it is a new one.
    pub events: Option<Relay>,
}

impl Accepted {
    /// A job that nothing is known of yet.
    fn of(job: JobRef, kind: Kind) -> Self {
        Self { job, kind, duplicate: true, conversation: None, batch: None, events: None }
    }

    /// Its events, from the first one on.
    ///
    /// # Errors
    /// 503 when the bus does not answer: the job runs all the same.
    pub async fn relay(&mut self, app: &App) -> Result<Relay, ApiError> {
        match self.events.take() {
            Some(relay) => Ok(relay),
            None => Relay::open(app, self.job.clone(), 1).await,
        }
    }
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

    /// Submits a chat. One with a bot is made whole first, unless it was submitted before: then it is the job that it was,
    /// whatever its bot and its documents are by now.
    ///
    /// # Errors
    /// As [`App::submit`]; 404 too for a model that no worker has, and for an unknown bot or conversation; 503 too where
    /// the bot's documents can't be searched.
    pub async fn submit_chat(&self, mut chat: Chat, mut submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let descriptor = self.descriptor(Chat::KIND.as_str())?;
        chat.check()?;
        if let Some(id) = chat.conversation
            && !self.store.has_conversation(submission.tenant, id).await?
        {
            let message = format!("there is no conversation {id}: leave `conversation` out to begin a new one");
            return Err(ApiError::not_found(codes::UNKNOWN_CONVERSATION, message).param("conversation"));
        }
        let bot = bots::named(chat.model.as_deref()).map(str::to_owned);
        if let Some(model) = chat.model.as_ref().filter(|_| bot.is_none()) {
            self.models.check(&*self.bus, &Chat::KIND, model).await?;
        }
        let id = self.job_id(&Chat::KIND, &submission)?;
        if chat.store {
            // The conversation that a job begins carries the job's id: a repeated submission names the same one.
            chat.conversation.get_or_insert(id.0);
        }
        let conversation = chat.conversation.filter(|_| chat.store);
        let mut body = serde_json::value::to_raw_value(&chat).map_err(|_| ApiError::internal())?;
        check_size(descriptor, body.get().len())?;
        if let Some(bot) = bot {
            let job = JobRef { tenant: submission.tenant.clone(), id };
            let fingerprint = fingerprint(&body);
            let mut accepted = Accepted::of(job, Chat::KIND);
            if self.was_submitted(&mut accepted, submission.idempotency_key, &fingerprint).await? {
                accepted.conversation = conversation;
                return Ok(accepted);
            }
            submission.options.fingerprint = Some(fingerprint);
            let whole = Box::pin(self.with_bot(submission.tenant, &bot, chat)).await?;
            body = serde_json::value::to_raw_value(&whole).map_err(|_| ApiError::internal())?;
            check_size(descriptor, body.get().len())?;
        }
        let mut accepted = self.publish(descriptor, Some(id), &body, submission).await?;
        accepted.conversation = conversation.filter(|_| accepted.job.id == id);
        Ok(accepted)
    }

    /// Whether a job was submitted under this key before: then it is this one, and its batch is known.
    ///
    /// # Errors
    /// 422 where it was another job; 503 when the bus does not answer.
    async fn was_submitted(
        &self,
        accepted: &mut Accepted,
        key: Option<&str>,
        fingerprint: &str,
    ) -> Result<bool, ApiError> {
        // The server forgets ids after its dedup window; the job's log remembers them longer.
        if key.is_none() || self.bus.last(&accepted.job).await?.is_none() {
            return Ok(false);
        }
        accepted.batch = self.same(&accepted.job, fingerprint).await?;
        Ok(true)
    }

    /// What is known of a kind.
    ///
    /// # Errors
    /// 404 that names those that there are.
    pub fn descriptor(&self, kind: &str) -> Result<&Descriptor, ApiError> {
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

    /// Publishes a job that was read and checked.
    pub(crate) async fn publish(
        &self,
        descriptor: &Descriptor,
        id: Option<JobId>,
        body: &RawValue,
        submission: Submission<'_>,
    ) -> Result<Accepted, ApiError> {
        let Submission { tenant, lane, idempotency_key, ref options } = submission;
        let kind = descriptor.kind.clone();
        let id = id.map_or_else(|| self.job_id(&kind, &submission), Ok)?;
        self.check_flow(&options.on_success, &options.on_failure)?;
        match options.patient {
            true => self.rates.wait(tenant).await,
            false => self.rates.admit(tenant)?,
        }
        let mut accepted = Accepted::of(JobRef { tenant: tenant.clone(), id }, kind.clone());
        let fingerprint = options.fingerprint.clone().unwrap_or_else(|| fingerprint(body));
        if self.was_submitted(&mut accepted, idempotency_key, &fingerprint).await? {
            return Ok(accepted);
        }
        self.admit_backlog(&kind, tenant, options.run_at.is_some()).await?;
        if let Some(unique) = &options.unique
            && let Some(other) = self.bus.reserve(&kind, tenant, &unique.key, unique.window, id).await?
        {
            accepted.job.id = other;
            // A gateway that died between the two took the key for a job that never was: this one takes its id.
            if self.is_known(&accepted.job).await? {
                return Ok(accepted);
            }
        }
        let (version, at) = (descriptor.version, Utc::now());
        let (claim, body) = self.keep_body(&accepted.job, body).await?;
        let mut envelope = Envelope::of(kind, version, accepted.job.id, tenant.clone(), lane, at, body);
        (envelope.claim, envelope.ephemeral) = (claim, options.ephemeral);
        envelope.on_success.clone_from(&options.on_success);
        envelope.on_failure.clone_from(&options.on_failure);
        envelope.member = options.batch.map(|(group, index)| Member { group, index, of: None, join: None });
        let (claim, new) = (envelope.claim.as_ref(), idempotency_key.is_none() && options.unique.is_none());
        let is_new = new && options.run_at.is_none();
        let (fingerprint_of, follow) = (Some(fingerprint.clone()), options.follow);
        let sending = Sending { run_at: options.run_at, fingerprint: fingerprint_of, is_new, follow };
        let sent = self.send(&envelope, sending).await;
        let sent = self.or_drop_body(claim, new, sent).await?;
        (accepted.duplicate, accepted.events) = (sent.duplicate, sent.events);
        accepted.batch = match accepted.duplicate && idempotency_key.is_some() {
            true => self.or_drop_body(claim, false, self.same(&accepted.job, &fingerprint).await).await?,
            false => options.batch.map(|(batch, _)| batch),
        };
        Ok(accepted)
    }

    async fn is_known(&self, job: &JobRef) -> Result<bool, ApiError> {
        Ok(self.bus.last(job).await?.is_some() || self.store.job(job).await?.is_some())
    }
}

/// BLAKE3 of a body.
fn fingerprint(body: &RawValue) -> String {
    blake3::hash(body.get().as_bytes()).to_hex()[..32].to_owned()
}

/// When a job is to begin: `None` for now.
///
/// # Errors
/// 400 for both ways of saying it at once, and for too far ahead.
pub fn due(
    run_at: Option<DateTime<Utc>>,
    delay_seconds: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let (at, param) = match (run_at, delay_seconds) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("delay_seconds", "run_at and delay_seconds say the same: give one of them"));
        }
        (Some(at), None) => (Some(at), "run_at"),
        (None, Some(seconds)) => {
            let delay = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
            (delay.and_then(|delay| now.checked_add_signed(delay)), "delay_seconds")
        }
    };
    let last = now + TimeDelta::days(limits::AHEAD_DAYS);
    match at.filter(|at| *at <= last) {
        Some(at) => Ok(Some(at).filter(|at| *at > now)),
        None => {
            let message =
                format!("the job would begin more than {} days from now, which is too far", limits::AHEAD_DAYS);
            Err(ApiError::invalid(param, message))
        }
    }
}

pub(crate) fn check_size(descriptor: &Descriptor, bytes: usize) -> Result<(), ApiError> {
    let max = descriptor.limits.payload_bytes;
    match bytes > max {
        true => {
            let message = format!("the job has {bytes} bytes: a {} job may have at most {max}", descriptor.kind);
            Err(ApiError::too_large("body", message))
        }
        false => Ok(()),
    }
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
