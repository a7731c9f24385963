//! Reads front matter in YAML (`---`) or TOML (`+++`).
//!
//! Nothing in it is evaluated: md-to-pdf's `---js` is refused with a warning. What can't be read becomes a warning
//! with its line, and the document is typeset without it.

use ruche_schemas::front::{Front, Split, split};
use serde_json::{Map, Value};

use crate::Warnings;

/// The source in its warnings.
pub const SOURCE: &str = "front matter";
/// The longest front matter, in bytes.
const BYTES: usize = 256 << 10;

#[derive(Debug, PartialEq)]
pub struct Divided<'a> {
    pub front: Map<String, Value>,
    pub body: &'a str,
    /// The number of lines before the text.
    pub lines: u32,
}

#[must_use]
pub fn divide<'a>(markdown: &'a str, warnings: &mut Warnings) -> Divided<'a> {
    let Split { front: found, body } = split(markdown);
    let Some(Front { language, text, lines }) = found else { return Divided { front: Map::new(), body, lines: 0 } };
    let front = match language {
        _ if text.len() > BYTES => {
            warnings.add(SOURCE, Some(1), format!("has {} bytes: at most {BYTES} are read", text.len()));
            Map::new()
        }
        "toml" => toml(text, warnings),
        // `---` is a thematic break too: a block that is no mapping is part of the text.
        "yaml" | "yml" => match yaml(text, warnings) {
            Some(front) => front,
            None => {
                let body = markdown.strip_prefix('\u{feff}').unwrap_or(markdown);
                return Divided { front: Map::new(), body, lines: 0 };
            }
        },
        other => {
            let message = format!("is in {other:?}, which is not read: only YAML (---) and TOML (+++) are");
            warnings.add(SOURCE, Some(1), message);
            Map::new()
        }
    };
    Divided { front, body, lines }
}

/// `None` if the text is no front matter.
fn yaml(text: &str, warnings: &mut Warnings) -> Option<Map<String, Value>> {
    // `y` and `no` are strings, as in YAML 1.2.
    let options = serde_saphyr::options! { strict_booleans: true };
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(Value::Object(front)) => Some(front),
        Ok(Value::Null) => Some(Map::new()),
        Ok(_) => None,
        Err(error) => {
            // Warn only if the text between the rules looks like a mapping.
            let looks = text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.contains(':'));
            if !looks {
                return None;
            }
            let line = error.location().map(|at| u32::try_from(at.line()).unwrap_or(u32::MAX).saturating_add(1));
            match unquoted(text) {
                Some((line, quoted)) => {
                    let message =
                        format!("can't be read, and is left out: a value with a colon needs quotes: {quoted}");
                    warnings.add(SOURCE, Some(line), message);
                }
                None => {
                    let message = format!("can't be read as YAML, and is left out: {}", reason(&error));
                    warnings.add(SOURCE, line, message);
                }
            }
            Some(Map::new())
        }
    }
}

/// The first `key: value` whose value has a colon but no quotes: its line, and the line with quotes.
fn unquoted(text: &str) -> Option<(u32, String)> {
    for (i, line) in text.lines().enumerate() {
        let Some((key, value)) = line.split_once(": ") else { continue };
        let value = value.trim();
        let is_plain = !value.starts_with(['"', '\'', '[', '{', '|', '>', '&', '*', '!']);
        if is_plain && (value.contains(": ") || value.ends_with(':')) {
            let quoted = format!("{key}: \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            return Some((u32::try_from(i).ok()?.checked_add(2)?, quoted.chars().take(200).collect()));
        }
    }
    None
}

fn toml(text: &str, warnings: &mut Warnings) -> Map<String, Value> {
    let unread = match toml::from_str::<toml::Table>(text) {
        Ok(table) => match serde_json::to_value(table) {
            Ok(Value::Object(front)) => return front,
            other => format!("{other:?}"),
        },
        Err(error) => {
            let before = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count());
            let line = before.map(|lines| u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(2));
            warnings.add(SOURCE, line, format!("can't be read as TOML, and is left out: {}", error.message()));
            return Map::new();
        }
    };
    warnings.add(SOURCE, None, format!("can't be read as TOML, and is left out: {unread}"));
    Map::new()
}

fn reason(error: &impl ToString) -> String {
    let line = first_line(error);
    match line.contains("budget") {
        true => "it has too many values, is nested too deep, or repeats too much: shorten it".to_owned(),
        false => line,
    }
}

fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(markdown: &str) -> (Value, String, u32, Vec<String>) {
        let mut warnings = Warnings::default();
        let Divided { front, body, lines } = divide(markdown, &mut warnings);
        let warnings = warnings.into_vec().iter().map(ToString::to_string).collect();
        (Value::Object(front), body.to_owned(), lines, warnings)
    }

    #[test]
    fn yaml_and_toml_are_read_and_lines_are_counted() {
        let (front, body, lines, warnings) = divided("---\ntitle: A\ntags: [x, y]\n---\n# Hello\n");
        assert_eq!((front["title"].as_str(), front["tags"][1].as_str()), (Some("A"), Some("y")));
        assert_eq!((&*body, lines, warnings.len()), ("# Hello\n", 4, 0));
        let (front, body, lines, _) = divided("+++\ntitle = 'A'\nn = 3\nday = 2026-11-26\n+++\nx");
        assert_eq!((front["title"].as_str(), front["n"].as_i64(), &*body, lines), (Some("A"), Some(3), "x", 5));
    }

    #[test]
    fn a_rule_is_no_front_matter() {
        for text in ["---\n", "---\nx\n", "---\nsome text\n---\nmore", "--- \nx\n---y\n", "# a\n---\nb: c\n---\n", ""] {
            let (front, body, lines, warnings) = divided(text);
            assert_eq!((front.as_object().map(Map::len), &*body, lines, warnings.len()), (Some(0), text, 0, 0));
        }
    }

    #[test]
    fn what_can_not_be_read_is_a_warning_with_its_line() {
        let (front, body, _, warnings) = divided("---\ntitle: A\nb: [1\n---\ntext");
        assert_eq!((front.as_object().map(Map::len), &*body), (Some(0), "text"));
        assert!(warnings[0].starts_with("front matter:") && warnings[0].contains("YAML"), "{warnings:?}");
        let (_, body, _, warnings) = divided("+++\na = 1\nb = \n+++\ntext");
        assert!(body == "text" && warnings[0].starts_with("front matter:3: can't be read as TOML"), "{warnings:?}");
        let (_, body, _, warnings) = divided("---js\n{ title: process.exit(1) }\n---\ntext");
        assert!(body == "text" && warnings[0].contains("\"js\", which is not read"), "{warnings:?}");
    }

    #[test]
    fn a_value_with_a_colon_gets_a_hint() {
        let (_, body, _, warnings) = divided("---\nauthor: Jo Doe\ntitle: Bees: a \"short\" guide\n---\ntext");
        assert_eq!(body, "text");
        let hint = "front matter:3: can't be read, and is left out: a value with a colon needs quotes: \
                    title: \"Bees: a \\\"short\\\" guide\"";
        assert_eq!(warnings, [hint]);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("---\na0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let row = vec![format!("*a{}", i - 1); 9].join(",");
            bomb.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        bomb.push_str("---\ntext");
        let (_, body, _, warnings) = divided(&bomb);
        assert!(body == "text" && warnings.len() == 1, "{warnings:?}");
        assert!(warnings[0].ends_with("shorten it"), "{warnings:?}");
    }
}
