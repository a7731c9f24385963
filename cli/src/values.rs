//! Values on the command line: spans of time, documents.

use std::{
    fs,
    io::{self, Read},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use ruche_schemas::plain;
use serde_json::Value;

use crate::refused::Refused;

/// The largest document that is read, in bytes: far above the gateway's bound.
const LARGEST: u64 = 64 << 20;

/// `90`, `90s`, `10m`, `2h` or `1d`.
///
/// # Errors
/// What is wrong, and what is allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span of time: write 90 or 90s, 10m, 2h, 1d");
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(wrong)
}

/// Reads a whole number of this range.
pub(crate) fn whole<N: TryFrom<u32>>(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| match (range.start(), range.end()) {
            (least, &u32::MAX) => format!("a whole number, {least} or more, is needed"),
            (least, most) => format!("a whole number from {least} to {most} is needed"),
        })
    }
}

/// # Errors
/// What is needed.
pub(crate) fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "a date such as 2026-01-31 is needed".to_owned())
}

/// A text that is a JSON object.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn object(text: &str) -> Result<String, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(text.to_owned()),
        Ok(_) => Err("a JSON object such as {\"lang\": \"en\"} is needed".to_owned()),
        Err(error) => Err(plain::not_json(text, &error)),
    }
}

/// The text itself, `-` for standard input, or a file. `None` if none is given.
pub(crate) fn document(text: Option<&str>, file: Option<&Path>) -> Result<Option<Value>> {
    let (from, text) = match (text, file) {
        (None, None) => return Ok(None),
        (_, Some(file)) => {
            let from = file.display().to_string();
            (from.clone(), read(fs::File::open(file).with_context(|| format!("{from} can't be opened"))?, &from)?)
        }
        (Some("-"), None) => ("standard input".to_owned(), read(io::stdin(), "standard input")?),
        (Some(text), None) => ("the body".to_owned(), text.to_owned()),
    };
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Refused::usage(format!("{from} is {}", plain::not_json(&text, &error)))),
    }
}

fn read(source: impl Read, name: &str) -> Result<String> {
    let mut text = String::new();
    source.take(LARGEST + 1).read_to_string(&mut text).with_context(|| format!("{name} can't be read"))?;
    anyhow::ensure!(text.len() as u64 <= LARGEST, "{name} has more than {LARGEST} bytes, which no job may have");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_have_a_unit_or_are_seconds() {
        let seconds = |text| duration(text).map(|span| span.as_secs());
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("10m"), Ok(600));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("1d"), Ok(86_400));
        for wrong in ["", "m", "-1", "1w", "1.5h", "1m30s", "99999999999999999999", "999999999999999999d", "1é"] {
            assert!(duration(wrong).is_err_and(|why| why.contains("90s, 10m")), "{wrong:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_told_with_what_is_needed() {
        assert_eq!(whole::<u8>(0..=6)("6"), Ok(6));
        for wrong in ["9", "-1", "1.5", "x", "", "99999999999"] {
            assert_eq!(whole::<u8>(0..=6)(wrong), Err("a whole number from 0 to 6 is needed".to_owned()), "{wrong}");
        }
        assert_eq!(whole::<u32>(1..=u32::MAX)("0"), Err("a whole number, 1 or more, is needed".to_owned()));
        assert_eq!(date("2026-01-31").map(|date| date.to_string()), Ok("2026-01-31".to_owned()));
        assert_eq!(date("31.1.2026"), Err("a date such as 2026-01-31 is needed".to_owned()));
        assert_eq!(object("{\"a\":1}"), Ok("{\"a\":1}".to_owned()));
        assert!(object("{bad").is_err_and(|why| why.contains("double quotes (line 1, column 2)")));
        assert!(object("[1]").is_err_and(|why| why.contains("a JSON object such as")));
    }

    #[test]
    fn a_body_that_is_no_json_is_refused_with_its_place() {
        assert_eq!(document(Some("{\"a\":1}"), None).unwrap(), Some(serde_json::json!({"a": 1})));
        assert!(document(None, None).unwrap().is_none());
        let error = document(Some("{a}"), None).unwrap_err().to_string();
        assert!(error.starts_with("the body is not JSON") && error.contains("column 2"), "{error}");
    }
}
