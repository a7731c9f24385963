//! Times as people write them: RFC 3339, or a date alone, which is its first moment in UTC.

use std::{borrow::Cow, fmt, ops::RangeInclusive};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserializer,
    de::{Error, Visitor},
};

/// The years that RFC 3339 can write, but 0, which Postgres has not.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// The error comes after the field's name in a message.
pub fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let shown = || text.chars().take(40).collect::<String>();
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let parsed = if has_short_parts(text) { None } else { text.parse::<DateTime<Utc>>().ok().or_else(date) };
    let Some(time) = parsed else {
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

/// A month or day of one digit. RFC 3339 has two digits each.
fn has_short_parts(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    date.trim_start_matches(['-', '+']).split('-').skip(1).any(|part| part.len() != 2)
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
    from.deserialize_option(Text)?.map(|text| parse(&text)).transpose().map_err(D::Error::custom)
}

/// A text or `null`.
struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date such as \"2026-01-31\"")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }
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
        for wrong in [
            "",
            "yesterday",
            "31/01/2026",
            "2026-13-01",
            "2026-3-01",
            "2026-03-1",
            "2026-01-31T08:00:00",
            &"9".repeat(1_000),
        ] {
            let error = parse(wrong).expect_err(wrong);
            assert!(error.contains("RFC 3339") && error.len() < 200, "{error}");
        }
    }

    #[test]
    fn a_field_is_a_text_or_null() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Thing {
            #[serde(default, deserialize_with = "optional")]
            at: Option<DateTime<Utc>>,
        }
        let read = |json: &str| crate::plain::read::<Thing>(json).map_err(|invalid| invalid.to_string());
        let at = Some("2026-01-31T00:00:00Z".parse().expect("a time"));
        assert_eq!(read(r#"{"at":"2026-01-31"}"#), Ok(Thing { at }));
        for nothing in ["{}", r#"{"at":null}"#] {
            assert_eq!(read(nothing), Ok(Thing { at: None }), "{nothing}");
        }
        let told = "is not allowed: a date such as \"2026-01-31\" is needed";
        for (value, shown) in [("5", "5"), ("true", "true"), ("[]", "a list"), ("{}", "an object")] {
            assert_eq!(read(&format!(r#"{{"at":{value}}}"#)), Err(format!("at: {shown} {told}")));
        }
        assert!(read(r#"{"at":"soon"}"#).is_err_and(|error| error.starts_with("at: \"soon\" is no time")));
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
