//! Decides whether the conditions of `@media` and `@supports` hold.

use super::component::components;
use super::length::Measure;
use super::{properties, select, shorten};

/// The page of conditions, in points: A4 between the usual margins. A sheet is read before its `@page` counts.
const PAGE: (f64, f64) = (470.0, 717.0);
/// The most conditions in brackets that lie in each other.
const MAX_DEPTH: usize = 8;

/// Checks that a media list includes print; the error says why not.
pub(super) fn media(text: &str) -> Result<(), String> {
    let mut why = "`@media` names no medium; write `@media print`".to_owned();
    for query in text.split(',') {
        let query = query.trim().to_ascii_lowercase();
        let mut parts = query.strip_prefix("only ").unwrap_or(&query).split(" and ").map(str::trim);
        let medium = parts.next().unwrap_or_default();
        let (is_print, conditions): (Option<bool>, Vec<&str>) = match medium {
            "print" | "all" | "not screen" => (Some(true), parts.collect()),
            "screen" | "not print" | "not all" | "speech" | "tty" | "tv" => (Some(false), Vec::new()),
            _ if medium.starts_with('(') => (Some(true), std::iter::once(medium).chain(parts).collect()),
            _ => (None, Vec::new()),
        };
        let answers: Vec<Option<bool>> = conditions.iter().map(|condition| condition_of_media(condition)).collect();
        let shown = shorten(text);
        why = match is_print {
            Some(false) => format!("`@media {shown}` is not for print; what it holds was left out"),
            Some(true) if answers.contains(&Some(false)) => {
                format!("`@media {shown}` does not hold on a page, of A4; what it holds was left out")
            }
            Some(true) if answers.iter().all(Option::is_some) => return Ok(()),
            _ => format!(
                "`@media {shown}` was left out: of conditions `(color)`, `(orientation: portrait)`, widths and heights are \
                 understood, besides `print`, `all` and `screen`"
            ),
        };
    }
    Err(why)
}

/// `None` if it is not understood.
fn condition_of_media(condition: &str) -> Option<bool> {
    let condition = condition.strip_prefix('(')?.strip_suffix(')')?.trim();
    let points = |value: &str| match components(value.trim()).ok()?.as_slice() {
        [part] => {
            let len = part.len().filter(|len| !len.has_percent() && !len.has_view())?;
            Some(len.points(Measure { em: 12.0, rem: 12.0, view: PAGE }, 0.0))
        }
        _ => None,
    };
    let size = |name: &str| match name.trim() {
        "width" => Some(PAGE.0),
        "height" => Some(PAGE.1),
        _ => None,
    };
    if let Some((name, value)) = condition.split_once(':') {
        let (name, value) = (name.trim(), value.trim());
        return match (name, value) {
            ("min-color", "1") | ("orientation", "portrait") | ("prefers-color-scheme", "light") => Some(true),
            ("orientation", "landscape") | ("prefers-color-scheme", "dark") => Some(false),
            _ => match name.split_once('-')? {
                ("min", name) => Some(size(name)? >= points(value)?),
                ("max", name) => Some(size(name)? <= points(value)?),
                _ => None,
            },
        };
    }
    for (sign, is_so) in [(">=", f64::ge as fn(&f64, &f64) -> bool), ("<=", f64::le), (">", f64::gt), ("<", f64::lt)] {
        if let Some((left, right)) = condition.split_once(sign) {
            let side = |text: &str| size(text).or_else(|| points(text));
            return Some(is_so(&side(left)?, &side(right)?));
        }
    }
    (condition == "color").then_some(true)
}

/// Whether what `@supports` asks for is supported; the error says that it is not.
pub(super) fn supports(text: &str) -> Result<(), String> {
    match is_supported(text, 0) {
        Some(true) => Ok(()),
        Some(false) => Err(format!("`@supports {}` does not hold here; what it holds was left out", shorten(text))),
        None => Err(format!(
            "`@supports {}` was left out: its condition is not understood; write its rules without it",
            shorten(text)
        )),
    }
}

/// `None` if it is not understood.
fn is_supported(text: &str, depth: usize) -> Option<bool> {
    let text = text.trim();
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(rest) = text.strip_prefix("not ").or_else(|| text.strip_prefix("not(").map(|_| &text[3..])) {
        return is_supported(rest, depth + 1).map(|is_so| !is_so);
    }
    for (word, all) in [(" and ", true), (" or ", false)] {
        let parts = divided(text, word);
        if parts.len() > 1 {
            let answers: Option<Vec<bool>> = parts.iter().map(|part| is_supported(part, depth + 1)).collect();
            let answers = answers?;
            return Some(if all { answers.iter().all(|is_so| *is_so) } else { answers.iter().any(|is_so| *is_so) });
        }
    }
    if let Some(selector) = text.strip_prefix("selector(").and_then(|rest| rest.strip_suffix(')')) {
        let targets = select::targets(&mut cssparser::Parser::new(selector));
        return Some(targets.errors.is_empty() && !targets.valid.is_empty());
    }
    let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    if inner.starts_with('(') || inner.starts_with("not ") {
        return is_supported(inner, depth + 1);
    }
    let (name, value) = inner.split_once(':')?;
    let name = name.trim();
    Some(name.starts_with("--") || properties::read(&name.to_ascii_lowercase(), value.trim()).is_ok())
}

/// The parts between a word that is in no brackets.
pub(super) fn divided<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && at >= from && text[at..].starts_with(word) => {
                parts.push(&text[from..at]);
                from = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
