//! Times as people write them: RFC 3339, or a date alone, which is its first moment in UTC.

use std::{borrow::Cow, ops::RangeInclusive};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

/// The years that RFC 3339 can write, but 0, which Postgres has not.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// The error comes after the field's name in a message.
pub fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let shown = || text.chars().take(40).collect::<String>();
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let Some(time) = text.parse::<DateTime<Utc>>().ok().or_else(date) else {
        return Err(format!(
            "{:?} is no time: write a date such as 2026-01-31, or with the time (RFC 3339) 2026-01-31T09:30:00Z",
            shown()
        ));
    };
    match YEARS.contains(&time.year()) {
        true => Ok(time),
        false => Err(format!("{:?} is out of range: years 1 to 9999 in UTC are allowed", shown())),
    }
}

/// The schema of a field that [`optional`] reads.
#[derive(Debug)]
pub struct OptionalTime;

impl JsonSchema for OptionalTime {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("OptionalTime")
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let of = |format: &str| json_schema!({ "type": "string", "format": format });
        json_schema!({ "anyOf": [of("date"), of("date-time"), { "type": "null" }] })
    }
}

/// For an optional field. [`OptionalTime`] is its schema.
pub fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| parse(&text)).transpose().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_moment() {
        for (text, expected) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00Z"),
            (" 2026-01-31T08:00:00.5Z ", "2026-01-31T08:00:00.5Z"),
        ] {
            assert_eq!(parse(text), Ok(expected.parse().expect("a time")), "{text}");
        }
        for wrong in ["", "yesterday", "31/01/2026", "2026-13-01", "2026-01-31T08:00:00", &"9".repeat(1_000)] {
            let error = parse(wrong).expect_err(wrong);
            assert!(error.contains("RFC 3339") && error.len() < 200, "{error}");
        }
    }

    #[test]
    fn a_year_has_one_to_four_digits() {
        for text in ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in
            ["0000-12-31", "+10000-01-01", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "-0001-01-01"]
        {
            assert!(parse(text).expect_err(text).contains("years 1 to 9999"), "{text}");
        }
    }
}
