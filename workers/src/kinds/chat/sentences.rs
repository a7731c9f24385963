//! Sentences and words of prose and Markdown. Boundaries are Unicode's (UAX #29), which know "e.g." and "3.5". A
//! wrapped line ends no sentence; a paragraph, a heading, a list item, a table row and a row of named values do.

use std::{collections::HashSet, ops::Range};

use unicode_segmentation::UnicodeSegmentation as _;

/// Byte ranges of the sentences, in order, without surrounding space.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let unwrapped = unwrapped(text);
    let trimmed = |(at, sentence): (usize, &str)| {
        let start = at + sentence.len() - sentence.trim_start().len();
        let end = start + sentence.trim().len();
        (start < end).then_some(start..end)
    };
    unwrapped.split_sentence_bound_indices().filter_map(trimmed).collect()
}

/// The cells of a table's row.
pub(super) fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.strip_prefix('|')?;
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    Some(inside.split('|').map(str::trim).collect())
}

/// Whether a line is the one below the names of a table's columns.
pub(super) fn is_rule(line: &str) -> bool {
    let is_dashes = |cell: &&str| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':'));
    cells(line).is_some_and(|cells| cells.iter().all(is_dashes))
}

/// In lower case.
pub(super) fn words(text: &str) -> HashSet<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Replaces the line ends of wrapped lines by spaces; byte offsets stay the same.
fn unwrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<&str> = None;
    for line in text.split('\n') {
        if let Some(before) = before {
            let wraps = !ends_block(before) && !begins_block(line) && !is_next_row(before, line);
            out.push(if wraps { ' ' } else { '\n' });
        }
        // Unicode counts `\r` as a paragraph end.
        out.extend(line.chars().map(|c| if c == '\r' { ' ' } else { c }));
        before = Some(line);
    }
    out
}

/// Whether two lines begin with the same name of a column, as in `Name: Wax; Price: 3`.
fn is_next_row(before: &str, line: &str) -> bool {
    let name = |line: &str| line.find(": ").map(|end| line[..end].trim().to_owned());
    name(line).is_some_and(|own| !own.is_empty() && name(before).as_ref() == Some(&own))
}

/// Whether the block ends with this line.
fn ends_block(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(['#', '|']) || line.starts_with("```")
}

/// Whether a block begins with this line.
fn begins_block(line: &str) -> bool {
    let line = line.trim();
    let marker = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let bullet = |text: &str| text.starts_with(['-', '*', '+']) && text[1..].starts_with(' ');
    let number = |text: &str| text.len() < line.len() && text.starts_with(['.', ')']) && text[1..].starts_with(' ');
    ends_block(line) || line.starts_with('>') || bullet(line) || number(marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_sentence_ends_where_a_reader_says_so() {
        let text = "Refunds take 5.5 days, e.g. by card. Really?  Yes!\r\nWrapped lines\nare one. Là.";
        let expected = ["Refunds take 5.5 days, e.g. by card.", "Really?", "Yes!", "Wrapped lines\nare one.", "Là."];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn blocks_of_markdown_end_sentences_without_a_full_stop() {
        let text = "# Title\nText that wraps\nto here\n\n- one\n- two\n1. three\n| a | b |\nend";
        let expected = ["# Title", "Text that wraps\nto here", "- one", "- two", "1. three", "| a | b |", "end"];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn a_row_of_named_values_is_a_sentence() {
        let rows = "Name: Wax; Price: 3\nName: Honey; Price: 7\nOther: x\ny";
        assert_eq!(split(rows), ["Name: Wax; Price: 3", "Name: Honey; Price: 7\nOther: x\ny"]);
    }

    #[test]
    fn nothing_has_no_sentences_and_what_has_no_border_is_one() {
        assert_eq!(split(" \n\r\n "), Vec::<&str>::new());
        let word = "é".repeat(5_000);
        assert_eq!(split(&word), [word.as_str()]);
        assert_eq!(words("Été, ÉTÉ: 3 étés!"), HashSet::from(["été", "3", "étés"].map(str::to_owned)));
    }
}
