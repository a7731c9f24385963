//! When a recurring job fires, and the id of each firing's job: the same on every adapter.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use ruche_schemas::{JobId, TenantId, clock, plain};
use serde_json::value::{RawValue, to_raw_value};

use crate::port::{Every, Schedule, ScheduleError};

/// The shortest and the longest interval.
const INTERVALS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(366 * 24 * 3600));

fn cron(expression: &str) -> Result<Cron, ScheduleError> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).build();
    parser.parse(expression).map_err(|_| {
        ScheduleError::Invalid(format!(
            "cron {} is not valid: write six fields (second minute hour day month weekday), such as `0 30 8 * * MON-FRI`",
            plain::quoted(expression)
        ))
    })
}

fn zone(zone: Option<&str>) -> Result<Tz, ScheduleError> {
    let Some(zone) = zone else { return Ok(Tz::UTC) };
    Tz::from_str(zone).map_err(|_| {
        let zone = plain::quoted(zone);
        ScheduleError::UnknownZone(format!("there is no time zone {zone}: write an IANA name, such as `Europe/Paris`"))
    })
}

/// The error is for the schedule's author.
pub(crate) fn check(schedule: &Schedule) -> Result<(), ScheduleError> {
    schedule.name.parse::<TenantId>().map_err(|_| {
        let allowed = "1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit";
        ScheduleError::Invalid(format!("the name {:?} is not valid: {allowed}", schedule.name))
    })?;
    if fired(&schedule.payload, 0, schedule.since).is_none() {
        return Err(ScheduleError::Invalid("the job is no JSON object with an `id`".to_owned()));
    }
    match &schedule.every {
        Every::Cron { expression, zone: name } => {
            zone(name.as_deref())?;
            cron(expression)?;
            match next(&schedule.every, clock::now(), clock::now()) {
                Some(_) => Ok(()),
                None => Err(ScheduleError::Invalid(format!("cron {} never fires", plain::quoted(expression)))),
            }
        }
        Every::Interval(interval) if (INTERVALS.0..=INTERVALS.1).contains(interval) => Ok(()),
        Every::Interval(interval) => Err(ScheduleError::Invalid(format!(
            "an interval of {} s is not possible: 1 second to 366 days are",
            interval.as_secs_f64()
        ))),
    }
}

/// The first firing after `after` of a schedule unchanged since `since`.
pub(crate) fn next(every: &Every, since: DateTime<Utc>, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match every {
        Every::Cron { expression, zone: name } => {
            let after = after.with_timezone(&zone(name.as_deref()).ok()?);
            let next = cron(expression).ok()?.find_next_occurrence(&after, false).ok()?;
            Some(next.to_utc())
        }
        Every::Interval(interval) => {
            let interval = TimeDelta::from_std(*interval).ok()?;
            let passed = (after - since).num_milliseconds().max(0) / interval.num_milliseconds().max(1);
            since.checked_add_signed(interval.checked_mul(i32::try_from(passed + 1).ok()?)?)
        }
    }
}

/// The job of one firing: the schedule's payload with its own id, derived from the firing.
pub(crate) fn fired(payload: &[u8], firing: u64, at: DateTime<Utc>) -> Option<(JobId, Bytes)> {
    let mut envelope: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(payload).ok()?;
    let id: JobId = serde_json::from_str(envelope.get("id")?.get()).ok()?;
    let id = id.fired(firing);
    envelope.insert("id".to_owned(), to_raw_value(&id).ok()?);
    if envelope.contains_key("created_at") {
        envelope.insert("created_at".to_owned(), to_raw_value(&at).ok()?);
    }
    Some((id, Bytes::from(serde_json::to_vec(&envelope).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cron_fires_by_the_clock_of_its_zone() {
        let every = Every::Cron { expression: "0 30 8 * * MON-FRI".to_owned(), zone: Some("Europe/Paris".to_owned()) };
        let friday: DateTime<Utc> = "2026-10-23T08:00:00Z".parse().expect("a time");
        // Summer time ends on the Sunday between.
        let monday: DateTime<Utc> = "2026-10-26T07:30:00Z".parse().expect("a time");
        assert_eq!(next(&every, friday, friday), Some(monday));
    }

    #[test]
    fn each_firing_is_a_job_of_its_own_and_the_same_one_each_time() {
        let id = JobId::generate();
        let payload = format!(r#"{{"id":"{id}","body":{{"x":1.0}}}}"#);
        let (first, patched) = fired(payload.as_bytes(), 7, clock::now()).expect("a job");
        assert_eq!(first, id.fired(7));
        assert_eq!(patched, format!(r#"{{"body":{{"x":1.0}},"id":"{first}"}}"#).as_bytes());
        assert_eq!(fired(b"[]", 7, clock::now()), None);
    }
}
