//! Output: tables for people, JSON for programs. A closed reader is no failure.
//!
//! Text from jobs is printed without control characters: a job must not control a person's terminal.

use ruche_schemas::clock;
use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use chrono::{DateTime, Utc};
use comfy_table::{Table, presets::NOTHING};
use serde_json::Value;

/// The header, and the cell of an item.
pub(crate) type Column = (&'static str, fn(&Value) -> String);

/// The longest text in a cell, in characters.
const CELL: usize = 60;

/// Unchanged, at once.
pub(crate) fn text(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// Unchanged, at once.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

pub(crate) fn line(line: &str) -> Result<()> {
    text(&format!("{line}\n"))
}

/// Prints a line to standard error, for people; ignores a closed reader.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

pub(crate) fn json(value: &Value) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

pub(crate) fn ndjson(value: &Value) -> Result<()> {
    line(&value.to_string())
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// What keeps a person from being asked a question, if something does.
pub(crate) fn cant_ask() -> Option<&'static str> {
    match (io::stdin().is_terminal(), io::stderr().is_terminal()) {
        (true, true) => None,
        (false, _) => Some("input"),
        (true, false) => Some("error output"),
    }
}

/// Without the header, the columns are as wide as if it was printed before.
pub(crate) fn table(columns: &[Column], items: &[Value], with_header: bool) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    table.set_header(columns.iter().map(|(head, _)| *head));
    for item in items {
        table.add_row(columns.iter().map(|(_, cell)| shorten(&clean(&cell(item)))));
    }
    let text = table.trim_fmt();
    let lines: Vec<_> =
        text.lines().skip(usize::from(!with_header)).map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

/// A line for each column that is not empty.
pub(crate) fn sheet(columns: &[Column], item: &Value) -> String {
    let width = columns.iter().map(|(head, _)| head.len()).max().unwrap_or_default();
    let cells = columns.iter().map(|(head, cell)| (head, clean(&cell(item))));
    let lines = cells.filter(|(_, cell)| cell != "-").map(|(head, cell)| format!("{head:width$}  {cell}\n"));
    lines.collect()
}

/// `-` without the field.
pub(crate) fn field(item: &Value, name: &str) -> String {
    match &item[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => format!("{float:.1}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// 0 without the field.
pub(crate) fn number(item: &Value, name: &str) -> u64 {
    let value = &item[name];
    value.as_u64().or_else(|| value.as_f64().map(|float| float.max(0.0) as u64)).unwrap_or_default()
}

/// Relative to now: `5 min ago`, `in 2 h`.
pub(crate) fn when(item: &Value, name: &str) -> String {
    item[name].as_str().map_or_else(|| field(item, name), |text| relative(text, clock::now()))
}

fn relative(text: &str, now: DateTime<Utc>) -> String {
    let Ok(time) = DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
    let seconds = (time.to_utc() - now).num_seconds();
    match seconds > 0 {
        true => format!("in {}", span(seconds.unsigned_abs())),
        false => format!("{} ago", span(seconds.unsigned_abs())),
    }
}

/// Seconds in their largest unit.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The code, the field unless the message has its name, and the message.
pub(crate) fn failure(error: &Value) -> String {
    let message = error["message"].as_str().map(|message| match error["param"].as_str() {
        Some(param) if !param.is_empty() && !message.contains(param) => format!("{param}: {message}"),
        _ => message.to_owned(),
    });
    match (error["code"].as_str(), message.as_deref()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (None, Some(text)) | (Some(text), None) => text.to_owned(),
        (None, None) => error.as_str().map_or_else(|| "-".to_owned(), str::to_owned),
    }
}

/// As in `3/10 parsing`.
pub(crate) fn steps(progress: &Value) -> String {
    let total = progress["total"].as_u64().map(|total| format!("/{total}")).unwrap_or_default();
    match progress["done"].as_u64() {
        None => "-".to_owned(),
        Some(done) => format!("{done}{total} {}", progress["message"].as_str().unwrap_or_default()).trim().to_owned(),
    }
}

/// `1 document`, `2 documents`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Text on one line, without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_bidi(c) { ' ' } else { c }).collect()
}

/// Text on many lines, without other control characters.
pub(crate) fn clean_lines(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_bidi(*c))).collect()
}

/// Marks that change the direction of the text after them.
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shorten(text: &str) -> String {
    match text.chars().nth(CELL) {
        None => text.to_owned(),
        Some(_) => text.chars().take(CELL - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}"), "a [2Jb c ");
        assert_eq!(clean_lines("a\u{1b}[2J\n\tb\r"), "a[2J\n\tb");
    }

    #[test]
    fn a_failure_names_its_field_once() {
        let of = |param: &str, message: &str| {
            failure(&json!({"code": "invalid_request", "message": message, "param": param}))
        };
        assert_eq!(of("stop[0]", "has 0 bytes"), "invalid_request: stop[0]: has 0 bytes");
        assert_eq!(of("stop[0]", "stop[0]: has 0 bytes"), "invalid_request: stop[0]: has 0 bytes");
        assert_eq!(failure(&json!({"code": "a", "message": "b"})), "a: b");
        assert_eq!(failure(&json!("it broke")), "it broke");
    }

    #[test]
    fn times_are_told_from_now() {
        let now: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(relative("2026-01-01T11:55:00Z", now), "5 min ago");
        assert_eq!(relative("2026-01-01T15:00:00+01:00", now), "in 2 h");
        assert_eq!(relative("soon", now), "soon");
    }

    #[test]
    fn a_table_has_a_line_for_each_item_and_shortens_what_is_long() {
        let columns: &[Column] = &[("id", |item| field(item, "id")), ("why", |item| field(item, "why"))];
        let items = [json!({"id": 1, "why": "x".repeat(100)}), json!({"id": 2})];
        let table = table(columns, &items, true);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains(&format!("{}…", "x".repeat(59))) && table.ends_with('-'), "{table}");
    }
}
