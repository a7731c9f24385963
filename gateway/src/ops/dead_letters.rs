//! Dead letters: find, replay and drop.
//!
//! A replayed letter is a new job: it keeps the steps that follow it and leaves its batch, which has counted it as
//! failed. Its id is derived from the letter's job and position, so two replays at the same time are one job; later there
//! is no letter any more.

use std::sync::Arc;

use ruche_bus::{Bus, DeadFilter, StoredDeadLetter};
use ruche_schemas::{Claim, Envelope, JobRef, Kind, TenantId, clock};
use serde_json::{Value, value::RawValue};

use crate::{
    http::{error::ApiError, limits, text::shown},
    jobs::{
        kinds::{Kinds, check_size},
        lookup::reference,
        payloads::Payloads,
        publisher::{Publisher, Publishing},
        service::Jobs,
        submission::Accepted,
    },
};

pub struct DeadLetters {
    bus: Arc<dyn Bus>,
    kinds: Arc<Kinds>,
    payloads: Payloads,
    publisher: Arc<Publisher>,
}

pub(crate) struct LetterQuery {
    filter: DeadFilter,
    code: Option<String>,
}

pub(crate) struct Page {
    pub(crate) letters: Vec<StoredDeadLetter>,
    /// How many letters were scanned.
    pub(crate) looked: usize,
    /// The position of the last of them.
    pub(crate) last: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Count,
    Replay,
    Drop,
}

impl DeadLetters {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, jobs: &Jobs) -> Self {
        let (kinds, payloads) = (Arc::clone(&jobs.kinds), jobs.payloads.clone());
        Self { bus, kinds, payloads, publisher: Arc::clone(&jobs.publisher) }
    }

    /// # Errors
    /// 404 for an unknown kind.
    pub(crate) fn search(
        &self,
        tenant: &TenantId,
        kind: Option<&str>,
        code: Option<String>,
    ) -> Result<LetterQuery, ApiError> {
        let kind: Option<Kind> =
            kind.map(|kind| self.kinds.descriptor(kind)).transpose()?.map(|known| known.kind.clone());
        Ok(LetterQuery { filter: DeadFilter { kind, tenant: Some(tenant.clone()) }, code })
    }

    /// The next letters after a position.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn page(&self, search: &LetterQuery, after: u64) -> Result<Page, ApiError> {
        let page = self.bus.list_dead_letters(&search.filter, after, limits::SCAN_PAGE).await?;
        let (looked, last) = (page.len(), page.last().map_or(after, |stored| stored.sequence));
        let mine =
            |stored: &StoredDeadLetter| search.code.as_ref().is_none_or(|code| *code == stored.letter.failure.code);
        Ok(Page { letters: page.into_iter().filter(mine).collect(), looked, last })
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, tenant: &TenantId, id: &str) -> Result<StoredDeadLetter, ApiError> {
        let missing = || {
            let message = format!(
                "there is no dead letter of a job {:?}: the job never became one, or it was replayed or dropped",
                shown(id)
            );
            ApiError::not_found("dead_letter_not_found", message).param("job")
        };
        let job = reference(tenant, id).map_err(|_| missing())?;
        self.bus.get_dead_letter(&job).await?.ok_or_else(missing)
    }

    /// A dead letter's body in the object store; `null` if it can't be read.
    ///
    /// # Errors
    /// 503: try again.
    pub(crate) async fn body(&self, tenant: &TenantId, claim: &Claim) -> Result<Value, ApiError> {
        match self.payloads.json(tenant, claim).await {
            Ok(body) => Ok(body),
            Err(error) if error.status().is_server_error() && error.code_name() != Some("object_corrupt") => Err(error),
            Err(_) => Ok(Value::Null),
        }
    }

    /// Drops a letter for good; false if it was gone.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn remove(&self, stored: &StoredDeadLetter) -> Result<bool, ApiError> {
        Ok(self.bus.remove_dead_letter(stored.sequence).await?)
    }

    /// Acts on all letters that match, up to [`limits::ACT`]: how many match, and how many it acted on.
    ///
    /// # Errors
    /// 503: safe to repeat.
    pub(crate) async fn act(&self, search: &LetterQuery, action: Action) -> Result<(usize, usize), ApiError> {
        let (mut matched, mut acted, mut after) = (0, 0, 0);
        while matched < limits::ACT {
            let page = self.page(search, after).await?;
            matched += page.letters.len();
            for stored in &page.letters {
                acted += usize::from(match action {
                    Action::Count => false,
                    Action::Replay => self.try_replay(stored).await?,
                    Action::Drop => self.remove(stored).await?,
                });
            }
            after = page.last;
            if page.looked < limits::SCAN_PAGE {
                break;
            }
        }
        Ok((matched, acted))
    }

    async fn try_replay(&self, stored: &StoredDeadLetter) -> Result<bool, ApiError> {
        match Box::pin(self.replay(stored, None)).await {
            Ok(_) => Ok(true),
            // It stays, to be edited or dropped.
            Err(error) if error.status().is_client_error() && error.status() != 429 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Publishes a dead letter's job again, with this body if given, and drops the letter.
    ///
    /// # Errors
    /// 400 for a wrong body, 409 for a letter that is no job without a given body, 503.
    pub(crate) async fn replay(&self, stored: &StoredDeadLetter, body: Option<&Value>) -> Result<Accepted, ApiError> {
        let letter = &stored.letter;
        let descriptor = self.kinds.descriptor(letter.kind.as_str())?;
        let (kind, version, lane, now) = (letter.kind.clone(), descriptor.version, letter.lane, clock::now());
        let read = serde_json::from_str::<Envelope<Value>>(&letter.payload).ok();
        let mut envelope = match (read, body) {
            (Some(envelope), None) => envelope,
            (Some(envelope), Some(_)) => Envelope { version, claim: None, ..envelope },
            (None, Some(_)) => {
                Envelope::of(kind.clone(), version, letter.job.id, letter.job.tenant.clone(), lane, now, Value::Null)
            }
            (None, None) => {
                let message = "the stored message is not a valid job, so it can't be replayed unchanged: send a `body`";
                return Err(ApiError::conflict("not_a_job", message).param("body"));
            }
        };
        if let Some(body) = body {
            let text = body.to_string();
            check_size(descriptor, text.len())?;
            let read = self.kinds.read(descriptor, &text, "body")?;
            envelope.body = serde_json::from_str(read.get()).map_err(|_| ApiError::internal())?;
        }
        if let Some(claim) = envelope.claim.take() {
            // The new job has its own body: the old one is deleted with the old job.
            envelope.body = self.payloads.json(&letter.job.tenant, &claim).await?;
        }
        let id = letter.job.id.derived(&format!("replay.{}", stored.sequence));
        // The subject is right where the envelope differs.
        let tenant = letter.job.tenant.clone();
        let envelope = Envelope {
            id,
            kind,
            tenant,
            lane,
            created_at: now,
            ephemeral: false,
            member: None,
            schedule: None,
            ..envelope
        };
        let job = JobRef { tenant: envelope.tenant.clone(), id };
        let text = RawValue::from_string(envelope.body.to_string()).map_err(|_| ApiError::internal())?;
        let (claim, body) = self.payloads.offload(&job, &text).await?;
        let envelope = Envelope { claim, ..envelope.with_body(body) };
        // A repeated replay is the same job: even if this one fails, its body may be that of another replay now.
        let published = self.publisher.publish(&envelope, Publishing::default()).await?;
        self.bus.remove_dead_letter(stored.sequence).await?;
        let kind = envelope.kind;
        let (duplicate, conversation, batch, events) = (published.duplicate, None, None, None);
        Ok(Accepted { job, kind, duplicate, conversation, batch, events })
    }
}
