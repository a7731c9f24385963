//! What deserializers say, in plain words.
//!
//! serde's messages name Rust's types (`expected u32`), and those of numbers, times and ids name neither the value nor what
//! is allowed. Every message that can reach a person goes through here.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::{Invalid, objects::Objects};

mod lists;
mod numbers;

use lists::names;
pub use lists::{either, there_are};
pub(crate) use numbers::{LARGER, SMALLER};
use numbers::{WHOLE, beyond, out_of_type};
pub use numbers::{is_beyond, number};

/// How much of a value or a list a message shows, in characters.
const SHOWN: usize = 80;
const SHOWN_DIGITS: usize = 20;

const TIME: &str = "an RFC 3339 time such as 2026-01-31T09:30:00Z";
const DATE: &str = "a date such as 2026-01-31";
const ID: &str = "an id such as 0197b2a4-6c1e-7d3f-8a52-3b9c0d1e2f40";

/// Reads JSON. An error names the field, its value and what is allowed.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Invalid> {
    // Locating the wrong field takes as long again, so only a wrong text is read that way.
    let mut reader = serde_json::Deserializer::from_str(json);
    if let Ok(value) = T::deserialize(Objects(&mut reader))
        && reader.end().is_ok()
    {
        return Ok(value);
    }
    let whole: Value = serde_json::from_str(json).map_err(|error| Invalid::new("body", not_json(json, &error)))?;
    let error = match serde_path_to_error::deserialize(Objects(&mut serde_json::Deserializer::from_str(json))) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // Where a word is needed and something else is there, serde_json says that the JSON is broken.
    let again = (!error.inner().is_data()).then(|| serde_path_to_error::deserialize::<_, T>(Objects(&whole)));
    let error = again.and_then(Result::err).unwrap_or(error);
    Err(unreadable(&error, at(&whole, error.path())))
}

impl Invalid {
    /// Names the field where reading failed, by its path.
    #[must_use]
    pub fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        unreadable(error, None)
    }
}

/// Why a text is no JSON, and where.
#[must_use]
pub fn not_json(json: &str, error: &serde_json::Error) -> String {
    let message = without_place(&error.to_string()).to_owned();
    let place = format!("line {}, column {}", error.line(), error.column());
    if let Some(other) = character_at(json, error).filter(|character| !character.is_ascii()) {
        let code = u32::from(other);
        return format!(
            "not JSON: \"{other}\" (U+{code:04X}) is not allowed there: JSON's minus is -, its quote \" ({place})"
        );
    }
    let why = match message.as_str() {
        text if text.starts_with("EOF") => "it ends too early",
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "an escape has half of a surrogate pair: write both halves, such as \\ud83d\\udc1d, or the character itself"
        }
        "expected value" | "expected ident" => "a value is missing or misspelt",
        "key must be a string" => "a name must be in double quotes",
        "trailing characters" => "there is more text after its end",
        "trailing comma" => "there is a comma after the last value",
        "recursion limit exceeded" => "it is nested too deeply",
        text if text.starts_with("control character") => {
            "a text has a line break or another control character: write it as an escape, such as \\n"
        }
        "number out of range" => "a number is too large",
        "invalid number" => "a number is misspelt",
        text => text,
    };
    format!("not JSON: {why} ({place})")
}

/// What stands where the error is, if that is no control character.
fn character_at(json: &str, error: &serde_json::Error) -> Option<char> {
    let line = json.split('\n').nth(error.line().checked_sub(1)?)?;
    let at = line.floor_char_boundary(error.column().checked_sub(1)?);
    line[at..].chars().next().filter(|character| !character.is_control())
}

/// `value` is what the field has, if that is known.
fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>, value: Option<&Value>) -> Invalid {
    let cause = error.inner();
    let shown = value.filter(|value| !value.is_array() && !value.is_object()).map(shown_value);
    named(&cause.to_string(), &error.path().to_string(), shown.as_deref())
}

/// A deserializer's message about what is at this path, with its value as a message may show it.
#[must_use]
pub fn named(message: &str, path: &str, value: Option<&str>) -> Invalid {
    let message = without_place(message);
    // serde names a missing, unknown or duplicate field; the path may end at the object around it.
    let cases = ["missing", "unknown field", "duplicate field"];
    let field = message.split('`').nth(1).filter(|_| cases.iter().any(|case| message.starts_with(case)));
    let param = match (path, field) {
        ("." | "?", None) => "body".to_owned(),
        (".", Some(field)) => field.to_owned(),
        (path, Some(field)) if path != field && !path.ends_with(&format!(".{field}")) => format!("{path}.{field}"),
        (path, _) => path.to_owned(),
    };
    let is_date = param.ends_with("date");
    let words = words(message, value, if is_date { DATE } else { TIME });
    Invalid::new(param, words)
}

/// A deserializer's message about one value, without its name.
#[must_use]
pub fn about(message: &str, value: &str) -> String {
    words(without_place(message), Some(&quoted(value)), TIME)
}

/// The beginning of a text, in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let shown = if text.bytes().all(|byte| byte.is_ascii_digit()) { SHOWN_DIGITS } else { SHOWN };
    match text.char_indices().nth(shown) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn words(message: &str, value: Option<&str>, time: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return variant(rest);
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return match rest.rsplit_once(", expected ") {
            Some((_, fields)) => format!("there is no such field here: {}", there_are(&names(fields))),
            None => "there is no such field here: leave it out".to_owned(),
        };
    }
    if message.starts_with("missing field ") {
        return "is missing".to_owned();
    }
    if message.starts_with("duplicate field ") {
        return "is there twice: send it once".to_owned();
    }
    if let Some((found, expected)) = mismatch(message) {
        return match beyond(&found, expected) {
            Some(how) => format!("{found} {how}"),
            None => refused(&found, &needed(expected, time)),
        };
    }
    let value = value.unwrap_or("this");
    match (out_of_type(message, value), alone(message, time)) {
        (Some(how), _) => format!("{value} {how}"),
        (None, Some(needed)) => refused(value, &needed),
        (None, None) => message.to_owned(),
    }
}

fn refused(found: &str, needed: &str) -> String {
    format!("{found} is not allowed: {needed} is needed")
}

/// `` `boss`, expected one of `a`, `b` ``. The value may contain anything.
fn variant(rest: &str) -> String {
    let (value, expected) = rest.rsplit_once("`, expected ").unwrap_or((rest, ""));
    let value = quoted(value.trim_start_matches('`').trim_end_matches('`'));
    match expected.is_empty() {
        true => format!("{value} is not allowed"),
        false => format!("{value} is not allowed: use {}", either(&names(expected))),
    }
}

/// What was found and what was expected, of a message that says both.
fn mismatch(message: &str) -> Option<(String, &str)> {
    // The value may contain anything, the expectation not.
    let (found, expected) = message.rsplit_once(", expected ")?;
    if let Some(length) = found.strip_prefix("invalid length ") {
        return Some((format!("a list of {length}"), expected));
    }
    let found = found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: "))?;
    let (kind, quoted_value) = found.split_once(' ').unwrap_or((found, ""));
    let value = quoted_value.trim_matches('`');
    let shown = match kind {
        "string" => {
            quoted(&serde_json::from_str::<String>(quoted_value).unwrap_or_else(|_| value.trim_matches('"').to_owned()))
        }
        "integer" | "boolean" => value.to_owned(),
        "floating" => {
            let value = value.trim_start_matches("point ").trim_start_matches('`');
            value.parse().map_or_else(|_| value.to_owned(), number)
        }
        "null" | "unit" | "Option" => "null".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        _ => "this value".to_owned(),
    };
    Some((shown, expected))
}

fn needed(expected: &str, time: &str) -> String {
    let words = match expected {
        text if WHOLE.contains(&text) => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" | "bool" => "true or false",
        "a string" | "a borrowed string" | "string" | "string or map" | "str" | "variant identifier" => "a text",
        "a sequence" | "a list" => "a list",
        "a map" | "map" => "an object",
        "unit" | "null" => "null",
        text if text.contains("date and time") || text.contains("timestamp") => time,
        text if text.contains("date string") => DATE,
        text if text.to_ascii_lowercase().contains("uuid") => ID,
        text if text.starts_with("enum") || text.starts_with("variant of") => "a text",
        text if text.starts_with("tuple") || text.starts_with("an array") => "a list",
        text if is_type(text) => "an object",
        text => text,
    };
    words.to_owned()
}

/// `struct Chat`, `struct Chat with 3 elements`, `internally tagged enum Step`.
fn is_type(text: &str) -> bool {
    text.starts_with("struct") || text.contains("tagged enum") || text.contains("::")
}

/// What is needed, of a message that does not say so.
fn alone(message: &str, time: &str) -> Option<String> {
    let words = match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => "a whole number",
        "invalid float literal" | "cannot parse float from empty string" => "a number",
        "provided string was not `true` or `false`" => "true or false",
        "input is out of range"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time"
        | "input contains invalid characters"
        | "premature end of input"
        | "trailing input"
        | "bad or unsupported format string" => time,
        text if text.starts_with("UUID parsing failed") => ID,
        text if text.starts_with("invalid character: ") || text.starts_with("invalid length: expected length 32") => ID,
        text if text.starts_with("data did not match any variant") => "one of the forms that this field may have",
        _ => return None,
    };
    Some(words.to_owned())
}

/// Without serde_json's ` at line 1 column 5`.
fn without_place(message: &str) -> &str {
    match message.rsplit_once(" at line ") {
        Some((text, place)) if place.bytes().all(|b| b.is_ascii_digit() || b" column".contains(&b)) => text,
        _ => message,
    }
}

fn at<'a>(whole: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(whole, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { .. } => Some(value),
        Segment::Unknown => None,
    })
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(found) => {
            found.as_i64().map_or_else(|| number(found.as_f64().unwrap_or_default()), |n| n.to_string())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
