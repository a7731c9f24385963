//! Jobs for later and recurring jobs, as message schedules of the server (NATS ADR-51).
//!
//! They have a stream of their own: the server refuses message schedules in a stream that refuses new messages when
//! it is full, as a queue of jobs must. A job that is due appears on a subject of that stream, and [`super::due`] moves
//! it into its queue. One subject is one job or one schedule, so writing it again replaces it.

use std::collections::BTreeMap;

use async_nats::{HeaderMap, HeaderValue};
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use ruche_schemas::{JobRef, Kind, Lane, TenantId, clock, topology::bounds::MAX_JOB_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    codes::{BAD_EXPRESSION, NO_STREAM, WRONG_LAST},
    connection::{ApiError, RequestError},
    headers::{ATTEMPT, FIRST_SEQ, JOB, SCHEDULE, size, to_nats},
    shared::{Nats, Shared},
    store::Entry,
};
use crate::{
    port::{Every, Message, PublishError, Receipt, Schedule, ScheduleError, Scheduler, Unavailable},
    recur,
};

/// In a header of a schedule's message: a paused one has no expression that the server reads.
#[derive(Debug, Serialize, Deserialize)]
struct ScheduleMeta {
    lane: Lane,
    every: Every,
    #[serde(default)]
    paused: bool,
}

#[derive(Debug)]
pub(super) struct Deferred {
    pub(super) message: Message,
    pub(super) used: u32,
    /// The message id: the same if the same deferral is sent again.
    pub(super) once: String,
}

impl Shared {
    /// Fails for a kind without a queue.
    async fn known(&self, kind: &Kind) -> Result<(), PublishError> {
        match self.connection.api::<Value>(&format!("STREAM.INFO.{}", self.names.jobs(kind)), &Value::Null).await {
            Ok(_) => Ok(()),
            Err(RequestError::Api(ApiError { code: NO_STREAM, .. })) => {
                Err(PublishError::UnknownKind { kind: kind.clone() })
            }
            Err(error) => Err(PublishError::Unavailable(error.to_string())),
        }
    }

    fn later(&self, message: &Message, at: DateTime<Utc>, id: String) -> (String, HeaderMap) {
        let mut headers = to_nats(&message.headers);
        headers.insert("Nats-Msg-Id", id);
        headers.insert(JOB, message.job.id.to_string());
        if let Some(first_seq) = message.first_seq {
            headers.insert(FIRST_SEQ, first_seq.to_string());
        }
        // Rounded up: a job is never early.
        let at = at + chrono::TimeDelta::microseconds(999);
        headers.insert("Nats-Schedule", format!("@at {}", at.to_rfc3339_opts(SecondsFormat::Millis, true)));
        let target = self.names.due(&message.kind, message.lane, &message.job.tenant);
        headers.insert("Nats-Schedule-Target", target);
        (self.names.later(&message.kind, &message.job), headers)
    }

    pub(super) async fn defer(&self, deferred: Deferred, until: DateTime<Utc>) -> Result<(), Unavailable> {
        let (subject, mut headers) = self.later(&deferred.message, until, deferred.once);
        headers.insert(ATTEMPT, deferred.used.to_string());
        self.connection.store_with_retry(subject, Some(headers), deferred.message.payload).await?;
        Ok(())
    }

    /// Returns how many messages were deleted.
    async fn drop_schedules(&self, subjects: String) -> Result<u64, RequestError> {
        #[derive(Deserialize)]
        struct Purged {
            purged: u64,
        }
        let asked = format!("STREAM.PURGE.{}", self.schedules);
        Ok(self.connection.api::<Purged>(&asked, &json!({"filter": subjects})).await?.purged)
    }

    /// The schedules of this name, of any kind.
    async fn stored(&self, tenant: &TenantId, name: &str) -> Result<Vec<Entry>, RequestError> {
        self.connection.all(&self.schedules, &self.names.recurring(None, tenant, name), 1, usize::MAX).await
    }
}

fn headers(schedule: &Schedule, target: String) -> Result<HeaderMap, ScheduleError> {
    let value = |text: String| {
        let wrong = |_| ScheduleError::Invalid(format!("{text:?} holds characters that no schedule may have"));
        text.parse::<HeaderValue>().map_err(wrong)
    };
    let meta = ScheduleMeta { lane: schedule.lane, every: schedule.every.clone(), paused: schedule.paused };
    let meta = serde_json::to_string(&meta).map_err(|error| ScheduleError::Invalid(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(SCHEDULE, value(meta)?);
    headers.insert("Nats-Rollup", "sub");
    if schedule.paused {
        // Without an expression the server stores it, and nothing fires.
        return Ok(headers);
    }
    let expression = match &schedule.every {
        Every::Cron { expression, zone } => {
            if let Some(zone) = zone {
                headers.insert("Nats-Schedule-Time-Zone", value(zone.clone())?);
            }
            expression.clone()
        }
        Every::Interval(interval) => format!("@every {}ms", interval.as_millis()),
    };
    headers.insert("Nats-Schedule", value(expression)?);
    headers.insert("Nats-Schedule-Target", target);
    Ok(headers)
}

fn read(entry: &Entry) -> Option<Schedule> {
    let mut tokens = entry.subject.rsplit('.');
    let (name, tenant, kind) = (tokens.next()?, tokens.next()?, tokens.next()?);
    let ScheduleMeta { lane, every, paused } = serde_json::from_str(entry.headers.get(SCHEDULE)?.as_str()).ok()?;
    let next = recur::next(&every, entry.at, clock::now()).filter(|_| !paused);
    Some(Schedule {
        name: name.to_owned(),
        tenant: tenant.parse().ok()?,
        kind: kind.parse().ok()?,
        lane,
        every,
        payload: entry.payload.clone(),
        paused,
        since: entry.at,
        next,
    })
}

#[async_trait]
impl Scheduler for Nats {
    async fn publish_at(&self, message: Message, at: DateTime<Utc>) -> Result<Receipt, PublishError> {
        let shared = &self.shared;
        shared.known(&message.kind).await?;
        let (subject, mut headers) = shared.later(&message, at, format!("{}.{}", message.job.tenant, message.job.id));
        headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
        let bytes = message.payload.len() + size(&to_nats(&message.headers));
        let too_large = || PublishError::TooLarge { bytes, max: MAX_JOB_BYTES };
        if bytes > MAX_JOB_BYTES {
            return Err(too_large());
        }
        match shared.connection.store_with_retry(subject, Some(headers), message.payload).await {
            Ok(stored) => Ok(Receipt { duplicate: stored.duplicate }),
            Err(RequestError::Api(ApiError { code: WRONG_LAST, .. })) => Ok(Receipt { duplicate: true }),
            Err(RequestError::TooLarge) => Err(too_large()),
            Err(RequestError::Api(error)) if error.is_full() => Err(PublishError::Full { kind: message.kind }),
            Err(error) => Err(PublishError::Unavailable(error.to_string())),
        }
    }

    async fn unpublish(&self, kind: &Kind, job: &JobRef) -> Result<bool, Unavailable> {
        Ok(self.shared.drop_schedules(self.shared.names.later(kind, job)).await? > 0)
    }

    async fn schedule(&self, schedule: &Schedule) -> Result<(), ScheduleError> {
        recur::check(schedule)?;
        let shared = &self.shared;
        shared.known(&schedule.kind).await?;
        let unavailable = |error: RequestError| PublishError::Unavailable(error.to_string());
        let names = &shared.names;
        let headers = headers(schedule, names.due(&schedule.kind, schedule.lane, &schedule.tenant))?;
        let subject = names.recurring(Some(&schedule.kind), &schedule.tenant, &schedule.name);
        let bytes = schedule.payload.len() + size(&headers);
        match shared.connection.store_with_retry(subject.clone(), Some(headers), schedule.payload.clone()).await {
            Ok(_) => {}
            Err(RequestError::Api(ApiError { code, description })) if BAD_EXPRESSION.contains(&code) => {
                return Err(ScheduleError::Invalid(format!("the NATS server refuses the schedule: {description}")));
            }
            Err(RequestError::TooLarge) => return Err(PublishError::TooLarge { bytes, max: MAX_JOB_BYTES }.into()),
            Err(error) => return Err(unavailable(error).into()),
        }
        // A name is one schedule, also when its kind has changed.
        for old in shared.stored(&schedule.tenant, &schedule.name).await.map_err(unavailable)? {
            if old.subject != subject {
                shared.drop_schedules(old.subject).await.map_err(unavailable)?;
            }
        }
        Ok(())
    }

    async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, Unavailable> {
        let found = self.shared.stored(tenant, "*").await?;
        let by_name: BTreeMap<_, _> = found.iter().filter_map(read).map(|found| (found.name.clone(), found)).collect();
        Ok(by_name.into_values().collect())
    }

    async fn unschedule(&self, tenant: &TenantId, name: &str) -> Result<bool, Unavailable> {
        if name.parse::<TenantId>().is_err() {
            return Ok(false);
        }
        Ok(self.shared.drop_schedules(self.shared.names.recurring(None, tenant, name)).await? > 0)
    }
}
