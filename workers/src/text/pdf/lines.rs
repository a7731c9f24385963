//! Converts lines to Markdown: larger ones to headings, the others to paragraphs.

use std::collections::{BTreeMap, HashSet};

use super::words::SOFT_HYPHEN;
use crate::text::extracted::plain_line;

/// A heading is larger than body text by this factor.
const LARGER: f64 = 1.15;
/// Longest heading, in characters; longer lines are large body text.
const HEADING: usize = 200;
/// Number of heading sizes that are distinguished.
const LEVELS: usize = 4;
/// Words that form compounds with a hyphen.
const COMPOUNDS: [&str; 11] = ["all", "cross", "full", "half", "high", "ill", "long", "low", "self", "short", "well"];

/// How a line follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Line,
    Paragraph,
    /// The first one of a column or page: it may continue a sentence.
    Column,
    /// A row of a Markdown table.
    Table,
    /// The first one, or the first of several keys with their values.
    FirstOfTable,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Font size on the page.
    pub(super) size: f64,
    pub(super) start: Start,
}

impl Line {
    /// The lines of a table.
    pub(super) fn table(texts: Vec<String>, size: f64) -> impl Iterator<Item = Self> {
        let start = |index: usize| if index == 0 { Start::FirstOfTable } else { Start::Table };
        texts.into_iter().enumerate().map(move |(index, text)| Self { text, size, start: start(index) })
    }
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
    let words = Words::of(lines);
    let mut out = String::new();
    let mut heading_before = None;
    let mut table_before = false;
    for line in lines {
        let text = without_leaders(&line.text);
        let level = sizes.iter().position(|known| *known <= tenths(line.size)).filter(|_| is_title(line, &text));
        match level {
            // A heading of two lines.
            Some(level) if heading_before == Some(level) && line.start == Start::Line => {
                out.truncate(out.trim_end().len());
                out.push_str(&format!(" {text}\n\n"));
            }
            Some(level) => {
                end_paragraph(&mut out);
                out.push_str(&format!("{} {text}\n\n", "#".repeat(level + 1)));
            }
            None => {
                let begins = match line.start {
                    Start::Line => heading_before.is_some() || table_before,
                    Start::Paragraph => true,
                    Start::Column => heading_before.is_some() || !continues(&out, &text),
                    Start::FirstOfTable => true,
                    Start::Table => false,
                };
                if begins {
                    end_paragraph(&mut out);
                }
                match is_table(line) {
                    true => out.push_str(&format!("{}\n", one_line(&line.text, &words))),
                    false => add(&mut out, &text, &words),
                }
            }
        }
        (heading_before, table_before) = (level, is_table(line));
    }
    out
}

fn is_table(line: &Line) -> bool {
    matches!(line.start, Start::Table | Start::FirstOfTable)
}

fn is_title(line: &Line, text: &str) -> bool {
    !is_table(line) && text.chars().any(char::is_alphabetic) && text.chars().count() <= HEADING
}

/// Single spaces, and one mark for the dots that lead to a page number.
fn without_leaders(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let dots = word.chars().all(|c| c == '.' || c == '…');
        if !(dots && words.last().is_some_and(|last| last.chars().all(|c| c == '.' || c == '…'))) {
            words.push(if dots && word.len() > 3 { "..." } else { word });
        }
    }
    words.join(" ")
}

fn end_paragraph(out: &mut String) {
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
    }
}

/// Whether a text goes on in the middle of a sentence.
fn continues(out: &str, text: &str) -> bool {
    let before = out.trim_end();
    let ends = before.ends_with(['.', '!', '?', ':', ';', '|', '。', '！', '？']);
    let goes_on = text.starts_with(char::is_lowercase) || before.ends_with(['-', SOFT_HYPHEN]);
    !before.is_empty() && !out.ends_with("\n\n") && !ends && goes_on
}

/// Adds a line to the paragraph, and joins a word that was divided at the line break.
fn add(out: &mut String, text: &str, words: &Words) {
    if !joins(out, text, words) {
        out.push_str(&plain_line(text));
    }
    out.push('\n');
}

/// Adds a line to a word that was divided at the end of the line before, if there is one.
fn joins(out: &mut String, text: &str, words: &Words) -> bool {
    if out.ends_with(&format!("{SOFT_HYPHEN}\n")) {
        out.truncate(out.len() - 1 - SOFT_HYPHEN.len_utf8());
    } else if let Some(before) = out.strip_suffix("-\n")
        && before.ends_with(char::is_lowercase)
        && text.starts_with(char::is_lowercase)
    {
        let hyphen = usize::from(words.is_compound(before, text));
        out.truncate(before.len() + hyphen);
    } else if let Some(before) = out.strip_suffix("-\n")
        && before.ends_with(char::is_alphanumeric)
        && text.starts_with(|c: char| c.is_ascii_digit())
    {
        // The number of a part, or a range.
        out.truncate(before.len() + 1);
    } else {
        return false;
    }
    out.push_str(text);
    true
}

/// A row of a table, whose cells may have several lines, as one.
fn one_line(row: &str, words: &Words) -> String {
    let mut out = String::with_capacity(row.len());
    for text in row.split('\n') {
        if !joins(&mut out, text, words) {
            out.push_str(text);
        }
        out.push('\n');
    }
    out.trim_end().replace('\n', " ")
}

/// The words of a document: they tell whether a hyphen at the end of a line belongs to the word.
struct Words(HashSet<String>);

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '-'
}

impl Words {
    /// Collects nothing if no line ends with a hyphen.
    fn of(lines: &[Line]) -> Self {
        let mut words = HashSet::new();
        if lines.iter().any(|line| line.text.ends_with('-') || line.text.contains("-\n")) {
            for line in lines {
                let all = line.text.split(|c| !is_part(c)).filter(|word| !word.is_empty() && !word.ends_with('-'));
                words.extend(all.map(str::to_lowercase));
            }
        }
        Self(words)
    }

    fn is_compound(&self, before: &str, text: &str) -> bool {
        let start =
            before.rfind(|c| !is_part(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
        let (left, right) = (before[start..].to_lowercase(), text[..end].to_lowercase());
        let knows = |word: &str| self.0.contains(word);
        if knows(&format!("{left}{right}")) {
            return false;
        }
        let long = |word: &str| word.chars().count() > 3 && knows(word);
        left.contains('-')
            || left.chars().count() == 1
            || knows(&format!("{left}-{right}"))
            || (COMPOUNDS.contains(&left.as_str()) && knows(&right))
            || (long(&left) && long(&right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, size: f64, paragraph: bool) -> Line {
        let start = if paragraph { Start::Paragraph } else { Start::Line };
        Line { text: text.to_owned(), size, start }
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

    #[test]
    fn compounds_keep_their_hyphen_at_the_end_of_a_line() {
        let pair = |first: &str, second: &str| {
            let known = "The bee-keeper and the beehive are known friends of the user.";
            markdown(&[line(known, 10.0, true), line(first, 10.0, true), line(second, 10.0, false)])
                .lines()
                .last()
                .map(str::to_owned)
        };
        for (first, second, read) in [
            ("a bee-", "keeper", "a bee-keeper"),
            ("a bee-", "hive", "a beehive"),
            ("well-", "known", "well-known"),
            ("state-of-", "the-art", "state-of-the-art"),
            ("an e-", "mail", "an e-mail"),
            ("user-", "friends", "user-friends"),
            ("regu-", "lar", "regular"),
            ("univer\u{ad}", "Sity", "univerSity"),
            ("part VX-", "100 is", "part VX-100 is"),
        ] {
            assert_eq!(pair(first, second).as_deref(), Some(read));
        }
    }

    #[test]
    fn a_sentence_goes_on_in_the_next_column() {
        let column = |text: &str| Line { start: Start::Column, ..line(text, 10.0, false) };
        let lines = [column("maps are lifted by two persons"), column("who wear gloves."), column("next")];
        assert_eq!(markdown(&lines), "maps are lifted by two persons\nwho wear gloves.\n\nnext\n");
    }

    #[test]
    fn tables_stand_alone_and_leaders_are_short() {
        let row = |text: &str| Line { start: Start::Table, ..line(text, 10.0, false) };
        let first = |text: &str| Line { start: Start::FirstOfTable, ..row(text) };
        let lines = [
            line("One . . . . . 7", 10.0, true),
            first("| a |"),
            row("| --- |"),
            first("| b |"),
            row("| --- |"),
            row("| of the regu-\nlar and\n# new |"),
            line("Two ....... 8", 10.0, false),
        ];
        assert_eq!(
            markdown(&lines),
            "One . 7\n\n| a |\n| --- |\n\n| b |\n| --- |\n| of the regular and # new |\n\nTwo ... 8\n"
        );
    }
}
