//! Converts lines to Markdown: larger ones to headings, the others to paragraphs.

use std::collections::BTreeMap;

use crate::text::extracted::plain_line;

/// A heading is larger than body text by this factor.
const LARGER: f64 = 1.15;
/// Longest heading, in characters; longer lines are large body text.
const HEADING: usize = 200;
/// Number of heading sizes that are distinguished.
const LEVELS: usize = 4;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Font size on the page.
    pub(super) size: f64,
    pub(super) paragraph: bool,
}

/// Rounded to tenths of a point, as a map key.
fn tenths(size: f64) -> u64 {
    (size * 10.0).round().clamp(0.0, 1e9) as u64
}

pub(super) fn markdown(lines: &[Line]) -> String {
    let mut letters = BTreeMap::<u64, usize>::new();
    lines.iter().for_each(|line| *letters.entry(tenths(line.size)).or_default() += line.text.len());
    let usual = letters.iter().max_by_key(|(_, count)| **count).map_or(0, |(size, _)| *size);
    let large = |size: u64| size as f64 > usual as f64 * LARGER;
    let sizes: Vec<u64> = letters.keys().rev().copied().filter(|size| large(*size)).take(LEVELS).collect();
    let mut out = String::new();
    let mut heading_before = None;
    for line in lines {
        let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let size = tenths(line.size);
        let level = sizes.iter().position(|known| *known <= size).filter(|_| text.chars().count() <= HEADING);
        match level.filter(|_| text.chars().any(char::is_alphabetic)) {
            // A heading of two lines.
            Some(level) if heading_before == Some(level) && !line.paragraph => {
                out.truncate(out.trim_end().len());
                out.push_str(&format!(" {text}\n\n"));
            }
            Some(level) => {
                end_paragraph(&mut out);
                out.push_str(&format!("{} {text}\n\n", "#".repeat(level + 1)));
                heading_before = Some(level);
            }
            None => {
                if line.paragraph || heading_before.is_some() {
                    end_paragraph(&mut out);
                }
                heading_before = None;
                add(&mut out, &text);
            }
        }
    }
    out
}

fn end_paragraph(out: &mut String) {
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
    }
}

/// Adds a line to the paragraph, and joins a word that was hyphenated at the line break.
fn add(out: &mut String, text: &str) {
    let divided = out.strip_suffix("-\n").is_some_and(|before| before.ends_with(char::is_lowercase));
    if divided && text.starts_with(char::is_lowercase) {
        out.truncate(out.len() - 2);
        out.push_str(text);
    } else {
        out.push_str(&plain_line(text));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, size: f64, paragraph: bool) -> Line {
        Line { text: text.to_owned(), size, paragraph }
    }

    #[test]
    fn large_lines_are_headings_and_divided_words_are_joined() {
        let lines = [
            line("Of Bees", 20.0, true),
            line("and Hives", 20.0, false),
            line("They are count-", 10.0, true),
            line("ed again on Fri-", 10.0, false),
            line("Day. It is a long text.", 10.0, false),
            line("Wax", 14.0, true),
            line("# not one", 10.02, false),
            line("Next.", 10.0, true),
        ];
        let expected = "# Of Bees and Hives\n\nThey are counted again on Fri-\nDay. It is a long text.\n\n## Wax\n\n\\# not one\n\nNext.\n";
        assert_eq!(markdown(&lines), expected);
        assert_eq!(markdown(&[]), "");
    }
}
