//! A dead letter as a new job: it keeps what follows it and loses its place in a batch, where it was counted as failed.
//!
//! Its id follows from the letter's job and position, so a letter that is replayed twice is one job.

use chrono::Utc;
use ruche_bus::StoredDeadLetter;
use ruche_schemas::{Envelope, JobRef};
use serde_json::{Value, value::RawValue};

use crate::{
    app::parts::App,
    http::error::ApiError,
    jobs::{
        send::Sending,
        steps::within,
        submit::{Accepted, check_size},
    },
};

impl App {
    /// Publishes the job of a dead letter again, with this body if one is given, and drops the letter.
    ///
    /// # Errors
    /// 400 for a wrong body, 409 for a letter that is no job and no body is given, 503.
    pub async fn replay(&self, buried: &StoredDeadLetter, body: Option<&Value>) -> Result<Accepted, ApiError> {
        let letter = &buried.letter;
        let descriptor = self.descriptor(letter.kind.as_str())?;
        let (kind, version, lane, now) = (letter.kind.clone(), descriptor.version, letter.lane, Utc::now());
        let read = serde_json::from_str::<Envelope<Value>>(&letter.payload).ok();
        let mut envelope = match (read, body) {
            (Some(envelope), None) => envelope,
            (Some(envelope), Some(_)) => Envelope { version, claim: None, ..envelope },
            (None, Some(_)) => {
                Envelope::of(kind.clone(), version, letter.job.id, letter.job.tenant.clone(), lane, now, Value::Null)
            }
            (None, None) => {
                let message = "what was published is no job, so it can't be replayed as it is: give it a `body`";
                return Err(ApiError::conflict("not_a_job", message).param("body"));
            }
        };
        if let Some(body) = body {
            let text = body.to_string();
            check_size(descriptor, text.len())?;
            descriptor.parse(&text).map_err(|invalid| within(invalid, "body"))?;
            envelope.body = body.clone();
        }
        if let Some(claim) = envelope.claim.take() {
            // The new job has a body of its own: the old one goes with the old job.
            envelope.body = self.claimed(&letter.job.tenant, &claim).await?;
        }
        let id = letter.job.id.derived(&format!("replay.{}", buried.sequence));
        // What the subject said counts, not what the envelope says of itself.
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
        let (claim, body) = self.keep_body(&job, &text).await?;
        let envelope = Envelope { claim, ..envelope.with_body(body) };
        // A replay that is repeated is the same job: whatever happens, its body may be another's who replays it now.
        let sent = self.send(&envelope, Sending::default()).await?;
        self.bus.remove_dead_letter(buried.sequence).await?;
        let kind = envelope.kind;
        let (duplicate, conversation, batch, events) = (sent.duplicate, None, None, None);
        Ok(Accepted { job, kind, duplicate, conversation, batch, events })
    }
}
