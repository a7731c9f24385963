//! Schedules, stored and fired by the bus.

use std::{sync::Arc, time::Duration};

use ruche_bus::{Bus, Every, Schedule, ScheduleError};
use ruche_schemas::{Envelope, JobId, TenantId, clock};
use serde_json::Value;

use crate::{
    http::{error::ApiError, limits, text::shown},
    jobs::{
        kinds::{Kinds, check_size},
        submission::lane,
    },
};

pub struct Schedules {
    bus: Arc<dyn Bus>,
    kinds: Arc<Kinds>,
}

pub(crate) struct NewSchedule {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) body: Value,
    pub(crate) lane: Option<String>,
    pub(crate) cron: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) every_seconds: Option<u64>,
    pub(crate) paused: bool,
}

impl Schedules {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, kinds: Arc<Kinds>) -> Self {
        Self { bus, kinds }
    }

    /// Sorted by name.
    pub(crate) async fn all(&self, tenant: &TenantId) -> Result<Vec<Schedule>, ApiError> {
        Ok(self.bus.schedules(tenant).await?)
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, tenant: &TenantId, name: &str) -> Result<Schedule, ApiError> {
        let all = self.all(tenant).await?;
        all.into_iter().find(|schedule| schedule.name == name).ok_or_else(|| {
            let message =
                format!("there is no schedule {:?}: GET /v1/schedules lists those that there are", shown(name));
            ApiError::not_found("schedule_not_found", message).param("name")
        })
    }

    /// Creates a schedule, or replaces the one of this name.
    ///
    /// # Errors
    /// 4xx that name the field; 503.
    pub(crate) async fn put(&self, tenant: &TenantId, new: NewSchedule) -> Result<Schedule, ApiError> {
        let NewSchedule { name, kind, body, lane: lane_name, cron, time_zone, every_seconds, paused } = new;
        let descriptor = self.kinds.descriptor(&kind)?;
        let (lane, every) = (lane(lane_name.as_deref())?, every(cron, time_zone, every_seconds)?);
        self.kinds.check_deferred(&descriptor.kind, &body, "body")?;
        let written = body.to_string();
        check_size(descriptor, written.len())?;
        let body = self.kinds.read(descriptor, &written, "body")?;
        let (id, since, kind) = (JobId::generate(), clock::now(), descriptor.kind.clone());
        let mut envelope = Envelope::of(kind.clone(), descriptor.version, id, tenant.clone(), lane, since, body);
        envelope.schedule = Some(name.clone());
        let payload = serde_json::to_vec(&envelope).map_err(|_| ApiError::internal())?.into();
        let tenant = tenant.clone();
        let schedule = Schedule { name, tenant, kind, lane, every, payload, paused, since, next: None };
        self.keep(&schedule).await?;
        self.find(&schedule.tenant, &schedule.name).await
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, name: &str) -> Result<(), ApiError> {
        let schedule = self.find(tenant, name).await?;
        self.bus.unschedule(tenant, &schedule.name).await?;
        Ok(())
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn set_paused(&self, tenant: &TenantId, name: &str, paused: bool) -> Result<Schedule, ApiError> {
        let schedule = self.find(tenant, name).await?;
        if schedule.paused == paused {
            return Ok(schedule);
        }
        self.keep(&Schedule { paused, since: clock::now(), ..schedule }).await?;
        self.find(tenant, name).await
    }

    async fn keep(&self, schedule: &Schedule) -> Result<(), ApiError> {
        self.bus.schedule(schedule).await.map_err(|error| match error {
            ScheduleError::Invalid(message) => {
                let param = if matches!(schedule.every, Every::Cron { .. }) { "cron" } else { "every_seconds" };
                ApiError::invalid(param, message)
            }
            ScheduleError::UnknownZone(message) => ApiError::invalid("time_zone", message),
            ScheduleError::Publish(error) => error.into(),
        })
    }
}

fn every(cron: Option<String>, zone: Option<String>, seconds: Option<u64>) -> Result<Every, ApiError> {
    match (cron, seconds) {
        (Some(expression), None) => Ok(Every::Cron { expression, zone }),
        (None, Some(seconds)) if zone.is_none() => match (1..=limits::INTERVAL_SECONDS).contains(&seconds) {
            true => Ok(Every::Interval(Duration::from_secs(seconds))),
            false => {
                let message = format!("{seconds} is out of range: from 1 to {} is allowed", limits::INTERVAL_SECONDS);
                Err(ApiError::invalid("every_seconds", message))
            }
        },
        (None, Some(_)) => Err(ApiError::invalid("time_zone", "every_seconds has no time zone: leave it out")),
        (None, None) => Err(ApiError::invalid("cron", "`cron` or `every_seconds` is missing: send one of them")),
        (Some(_), Some(_)) => {
            Err(ApiError::invalid("cron", "`cron` and `every_seconds` are both there: send one of them"))
        }
    }
}
