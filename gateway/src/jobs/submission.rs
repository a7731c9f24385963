//! A job to be submitted, and one that was accepted.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::{JobId, JobRef, Kind, Lane, TenantId, flow::Next};
use uuid::Uuid;

use super::relay::{Relay, Relays};
use crate::http::{error::ApiError, limits};

/// Who submits a job, and how.
#[derive(Debug)]
pub struct Submission<'a> {
    pub tenant: &'a TenantId,
    pub lane: Lane,
    /// The same key is the same job, whenever it comes again.
    pub idempotency_key: Option<&'a str>,
    pub options: Options,
}

impl<'a> Submission<'a> {
    /// A job to be done now, once.
    #[must_use]
    pub fn new(tenant: &'a TenantId, lane: Lane, idempotency_key: Option<&'a str>) -> Self {
        Self { tenant, lane, idempotency_key, options: Options::default() }
    }
}

/// What few submissions ask for.
#[derive(Debug, Default)]
pub struct Options {
    /// The job's id, where it is known before it is submitted.
    pub id: Option<JobId>,
    /// When it is to begin, if that is later.
    pub run_at: Option<DateTime<Utc>>,
    /// The steps that follow when it is done.
    pub on_success: Vec<Next>,
    /// The steps that follow when it has failed.
    pub on_failure: Vec<Next>,
    /// No second job with this key.
    pub unique: Option<Unique>,
    /// The batch, and the job's index in it.
    pub batch: Option<(Uuid, u32)>,
    /// Whether to wait while the tenant submits too fast, instead of a refusal.
    pub patient: bool,
    /// Whether its events are wanted from the first one on.
    pub follow: bool,
    /// Whether it is kept in its events only, and in no row.
    pub ephemeral: bool,
    /// What tells it from another job under its idempotency key, where that is not its body: a bot's chat has passages
    /// that nobody sent.
    pub fingerprint: Option<String>,
}

/// A key that one job has for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// The key, unique with the tenant and the kind.
    pub key: String,
    pub window: Duration,
}

/// A job that the bus holds.
#[derive(Debug)]
pub struct Accepted {
    pub job: JobRef,
    pub kind: Kind,
    /// The same job was submitted before: nothing was added.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    pub conversation: Option<Uuid>,
    /// The batch that counts it.
    pub batch: Option<Uuid>,
    /// Its events, if they were asked for and it is a new job.
    pub events: Option<Relay>,
}

impl Accepted {
    /// A job that was submitted before, as far as nothing else is known of it.
    pub(super) fn again(job: JobRef, kind: Kind) -> Self {
        Self { job, kind, duplicate: true, conversation: None, batch: None, events: None }
    }

    /// Its events, from the first one on.
    ///
    /// # Errors
    /// 503 when the bus does not answer: the job runs all the same.
    pub async fn relay(&mut self, relays: &Relays) -> Result<Relay, ApiError> {
        match self.events.take() {
            Some(relay) => Ok(relay),
            None => relays.open(self.job.clone(), 1).await,
        }
    }
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

/// A lane by its name.
///
/// # Errors
/// 400.
pub(crate) fn lane(name: Option<&str>) -> Result<Lane, ApiError> {
    match name {
        None => Ok(Lane::default()),
        Some(name) => name.parse().map_err(|error| ApiError::invalid("lane", format!("{error}"))),
    }
}
