//! A job on its way: who sent it, when, and what is to be done.
//!
//! The kind, the lane and the tenant are in the subject as well; the subject is what the server's permissions
//! bind, so a worker rejects an envelope that contradicts it. The trace context travels in the message's headers.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, Kind, Lane, TenantId, jobs::Job};

/// A job as published: one JSON object.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Envelope<T> {
    /// The job's id, chosen by whoever publishes it.
    pub id: JobId,
    /// What kind of job it is.
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
    /// What is to be done.
    pub body: T,
}

impl<J: Job> Envelope<J> {
    /// A job of this tenant that is kept in the ledger.
    #[must_use]
    pub fn new(id: JobId, tenant: TenantId, lane: Lane, created_at: DateTime<Utc>, body: J) -> Self {
        Self { id, kind: J::KIND, version: J::VERSION, tenant, lane, created_at, ephemeral: false, body }
    }
}
