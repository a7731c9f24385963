//! Times as people write them: RFC 3339, or a date alone, which is its first moment in UTC.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Deserializer, de::Error};

/// The error comes after the field's name in a message.
pub fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    text.parse::<DateTime<Utc>>().ok().or_else(date).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        format!(
            "{shown:?} is no time: write a date such as 2026-01-31, or with the time (RFC 3339) 2026-01-31T09:30:00Z"
        )
    })
}

/// For an optional field.
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
}
