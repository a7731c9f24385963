//! A job as a message: who sent it, when, and what is to be done.
//!
//! The subject also contains kind, lane and tenant. The server's permissions apply to the subject, so a worker
//! rejects an envelope that contradicts it. The trace context is in the message's headers.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Claim, EventType, JobId, Kind, Lane, Record, TenantId,
    event::Accepted,
    flow::{Member, Next, Origin},
    job::Job,
};

/// A job as published: one JSON object.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<T> {
    /// The job's id, chosen by its publisher.
    pub id: JobId,
    /// The kind of the job.
    pub kind: Kind,
    /// The version of the body's schema.
    pub version: u16,
    /// The owner.
    pub tenant: TenantId,
    /// How urgent it is.
    #[serde(default)]
    pub lane: Lane,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// An ephemeral job skips the ledger: its result lives in its events only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ephemeral: bool,
    /// Jobs to start when it succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_success: Vec<Next>,
    /// Jobs to start when it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Next>,
    /// Where it comes from, in a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Its place in a group, in a batch or a fan with a join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
    /// The recurring schedule that fires it. Each firing is a job of its own: its id is derived from this one and
    /// from the firing, see [`JobId::fired`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Where the body is stored, if it is too large for a message. `body` is `null` then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The job's body, by the schema of its kind.
    pub body: T,
}

/// The `model` in the body of an envelope as JSON: of kinds whose jobs name one. `None` if the body lies elsewhere.
#[must_use]
pub fn named_model(envelope: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        body: Body,
    }
    #[derive(Deserialize)]
    struct Body {
        model: Option<String>,
    }
    serde_json::from_slice::<Named>(envelope).ok()?.body.model
}

impl<J: Job> Envelope<J> {
    /// A job of this tenant that is not ephemeral.
    #[must_use]
    pub fn new(id: JobId, tenant: TenantId, lane: Lane, created_at: DateTime<Utc>, body: J) -> Self {
        Self::of(J::KIND, J::VERSION, id, tenant, lane, created_at, body)
    }
}

impl<T> Envelope<T> {
    /// A job outside any flow.
    #[must_use]
    pub fn of(
        kind: Kind,
        version: u16,
        id: JobId,
        tenant: TenantId,
        lane: Lane,
        created_at: DateTime<Utc>,
        body: T,
    ) -> Self {
        Self {
            id,
            kind,
            version,
            tenant,
            lane,
            created_at,
            ephemeral: false,
            on_success: Vec::new(),
            on_failure: Vec::new(),
            origin: None,
            member: None,
            schedule: None,
            claim: None,
            body,
        }
    }

    /// The first event of the job's log.
    #[must_use]
    pub fn accepted(&self, run_at: Option<DateTime<Utc>>) -> Record {
        let accepted = Accepted {
            lane: self.lane,
            run_at,
            origin: self.origin,
            // The group of a fan is no batch.
            batch: self.member.as_ref().filter(|member| member.of.is_none()).map(|member| member.group),
            on_success: self.on_success.clone(),
            on_failure: self.on_failure.clone(),
        };
        let data = serde_json::to_value(accepted).unwrap_or_default();
        let (event, kind) = (EventType::Accepted, self.kind.clone());
        Record { n: 1, event, kind, attempt: 0, at: self.created_at, data, claim: None }
    }

    pub fn with_body<U>(self, body: U) -> Envelope<U> {
        let Self { id, kind, version, tenant, lane, created_at, ephemeral, on_success, on_failure, .. } = self;
        let Self { origin, member, schedule, claim, .. } = self;
        Envelope {
            id,
            kind,
            version,
            tenant,
            lane,
            created_at,
            ephemeral,
            on_success,
            on_failure,
            origin,
            member,
            schedule,
            claim,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_a_job_is_read_without_its_kind() {
        for (envelope, model) in [
            (r#"{"id":1,"body":{"messages":[],"model":"tiny"}}"#, Some("tiny")),
            (r#"{"body":{"model":null}}"#, None),
            (r#"{"body":{"model":7}}"#, None),
            (r#"{"body":{}}"#, None),
            (r#"{"body":"text"}"#, None),
            (r#"{"model":"outside"}"#, None),
            ("{", None),
        ] {
            assert_eq!(named_model(envelope.as_bytes()).as_deref(), model, "{envelope}");
        }
    }
}
