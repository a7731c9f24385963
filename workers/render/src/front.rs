//! Front matter: what a document says of itself before it begins, in YAML (`---`) or TOML (`+++`).
//!
//! It is data: nothing in it is evaluated (md-to-pdf's `---js` is refused with a warning). What can't be read is a
//! warning with its line, and the document is set without it.

use serde_json::{Map, Value};

use crate::Warnings;

/// The source that its warnings name.
pub const SOURCE: &str = "front matter";
/// The longest front matter, in bytes.
const BYTES: usize = 256 << 10;

/// A document, divided.
#[derive(Debug, PartialEq)]
pub struct Divided<'a> {
    /// What it says of itself.
    pub front: Map<String, Value>,
    /// The text.
    pub body: &'a str,
    /// How many lines stand before the text.
    pub lines: u32,
}

/// Divides a document into front matter and text.
#[must_use]
pub fn divide<'a>(markdown: &'a str, warnings: &mut Warnings) -> Divided<'a> {
    let markdown = markdown.strip_prefix('\u{feff}').unwrap_or(markdown);
    let whole = Divided { front: Map::new(), body: markdown, lines: 0 };
    let Some((first, rest)) = markdown.split_once('\n') else { return whole };
    let (fence, language) = match first.trim_end() {
        "---" => ("---", "yaml"),
        "+++" => ("+++", "toml"),
        fence if fence.starts_with("---") && is_word(&fence[3..]) => ("---", &fence[3..]),
        _ => return whole,
    };
    let Some((text, body, lines)) = until(rest, fence) else { return whole };
    // `---` is a thematic break as well: a block that is no mapping is part of the text.
    let front = match language {
        _ if text.len() > BYTES => {
            warnings.add(SOURCE, Some(1), format!("has {} bytes: at most {BYTES} are read", text.len()));
            Map::new()
        }
        "toml" => toml(text, warnings),
        "yaml" | "yml" => match yaml(text, warnings) {
            Some(front) => front,
            None => return whole,
        },
        other => {
            let message = format!("is in {other:?}, which is not read: only YAML (---) and TOML (+++) are");
            warnings.add(SOURCE, Some(1), message);
            Map::new()
        }
    };
    Divided { front, body, lines: lines + 1 }
}

fn is_word(s: &str) -> bool {
    (1..=16).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What stands before the fence, what after it, and how many lines the first takes, the fence's included.
fn until<'a>(rest: &'a str, fence: &str) -> Option<(&'a str, &'a str, u32)> {
    let (mut at, mut lines) = (0, 0);
    for line in rest.split_inclusive('\n') {
        lines += 1;
        let end = at + line.len();
        let trimmed = line.trim_end();
        if trimmed == fence || (fence == "---" && trimmed == "...") {
            return Some((&rest[..at], &rest[end..], lines));
        }
        at = end;
    }
    None
}

/// `None`: it is no front matter at all.
fn yaml(text: &str, warnings: &mut Warnings) -> Option<Map<String, Value>> {
    // `y` and `no` are words, as in YAML 1.2.
    let options = serde_saphyr::options! { strict_booleans: true };
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(Value::Object(front)) => Some(front),
        Ok(Value::Null) => Some(Map::new()),
        Ok(_) => None,
        Err(error) => {
            // A text between two rules is no front matter that went wrong, unless it looks like one.
            let looks = text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.contains(':'));
            if !looks {
                return None;
            }
            let line = error.location().map(|at| u32::try_from(at.line()).unwrap_or(u32::MAX).saturating_add(1));
            warnings.add(SOURCE, line, format!("can't be read as YAML, and is left out: {}", first_line(&error)));
            Some(Map::new())
        }
    }
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
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("---\na0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let row = vec![format!("*a{}", i - 1); 9].join(",");
            bomb.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        bomb.push_str("---\ntext");
        let (_, body, _, warnings) = divided(&bomb);
        assert!(body == "text" && warnings.len() == 1, "{warnings:?}");
    }
}
