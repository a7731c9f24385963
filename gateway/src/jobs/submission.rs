//! A submission, and an accepted job.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::{JobId, JobRef, Kind, Lane, TenantId, flow::Next};
use uuid::Uuid;

use super::relay::{Relay, Relays};
use crate::http::{
    error::ApiError,
    limits,
    text::{either, shown},
};

#[derive(Debug)]
pub struct Submission<'a> {
    pub tenant: &'a TenantId,
    pub lane: Lane,
    /// A repeated key is the same job.
    pub idempotency_key: Option<&'a str>,
    pub options: Options,
}

impl<'a> Submission<'a> {
    /// Due now, without options.
    #[must_use]
    pub fn new(tenant: &'a TenantId, lane: Lane, idempotency_key: Option<&'a str>) -> Self {
        Self { tenant, lane, idempotency_key, options: Options::default() }
    }
}

/// Rare options.
#[derive(Debug, Default)]
pub struct Options {
    /// If it is known before the submission.
    pub id: Option<JobId>,
    /// `None`: now.
    pub run_at: Option<DateTime<Utc>>,
    pub on_success: Vec<Next>,
    pub on_failure: Vec<Next>,
    pub unique: Option<Unique>,
    /// The batch, and the job's index in it.
    pub batch: Option<(Uuid, u32)>,
    /// Over the rate limit, whether to wait instead of a refusal.
    pub patient: bool,
    /// Whether its events are requested from the first one on.
    pub follow: bool,
    /// Whether it has events only, and no row.
    pub ephemeral: bool,
    /// Detects another job under the same idempotency key. By default, of the body; but a bot's chat has passages
    /// that nobody sent.
    pub fingerprint: Option<String>,
}

/// Only one job may have the key within the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Unique within the tenant and the kind.
    pub key: String,
    pub window: Duration,
}

/// A job that the bus has stored.
#[derive(Debug)]
pub struct Accepted {
    pub job: JobRef,
    pub kind: Kind,
    /// The same job was submitted before: nothing was added.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    pub conversation: Option<Uuid>,
    pub batch: Option<Uuid>,
    /// Its events, if requested and the job is new.
    pub events: Option<Relay>,
}

impl Accepted {
    /// A duplicate of which only the id is known.
    pub(super) fn again(job: JobRef, kind: Kind) -> Self {
        Self { job, kind, duplicate: true, conversation: None, batch: None, events: None }
    }

    /// Its events, from the first one on.
    ///
    /// # Errors
    /// 503 when the bus does not answer: the job runs anyway.
    pub async fn relay(&mut self, relays: &Relays) -> Result<Relay, ApiError> {
        match self.events.take() {
            Some(relay) => Ok(relay),
            None => relays.open(self.job.clone(), 1).await,
        }
    }
}

/// When a job is due, the later of both: `None` for now.
///
/// # Errors
/// 400 for too far ahead.
pub fn due(
    run_at: Option<DateTime<Utc>>,
    delay_seconds: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let last = now + TimeDelta::days(limits::AHEAD_DAYS);
    let checked = |at: Option<DateTime<Utc>>, param: &str| {
        let message =
            || format!("the job would begin more than {} days from now, which is too far", limits::AHEAD_DAYS);
        at.filter(|at| *at <= last).ok_or_else(|| ApiError::invalid(param, message()))
    };
    let after = |seconds: u64| {
        let delay = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
        delay.and_then(|delay| now.checked_add_signed(delay))
    };
    let at = run_at.map(|at| checked(Some(at), "run_at")).transpose()?;
    let delayed = delay_seconds.map(|seconds| checked(after(seconds), "delay_seconds")).transpose()?;
    Ok(at.max(delayed).filter(|at| *at > now))
}

/// # Errors
/// 400.
pub(crate) fn lane(name: Option<&str>) -> Result<Lane, ApiError> {
    lane_of(&Lane::ALL, name)
}

/// A lane of those that are allowed.
///
/// # Errors
/// 400 that lists them.
pub(crate) fn lane_of(allowed: &[Lane], name: Option<&str>) -> Result<Lane, ApiError> {
    let Some(name) = name else { return Ok(Lane::default()) };
    let found = allowed.iter().copied().find(|lane| lane.as_str() == name);
    found.ok_or_else(|| {
        let lanes = either(&allowed.iter().map(|lane| lane.as_str()).collect::<Vec<_>>());
        ApiError::invalid("lane", format!("{:?} is not allowed: use {lanes}", shown(name)))
    })
}
