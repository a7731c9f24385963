//! The result of reading a document.

use serde::{Deserialize, Serialize};

/// Limit of a document's text, in bytes: compressed files expand.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    pub title: Option<String>,
    pub markdown: String,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// Permanent: the document is invalid.
    #[error("the document can't be read: {0}")]
    Unreadable(String),
    /// Permanent: a limit of time or memory was exceeded.
    #[error("the document takes more than {0} to read: divide it, or send its text")]
    TooComplex(String),
    /// Temporary.
    #[error("no process can be started to read the document: {0}")]
    Unavailable(String),
}

/// HTML blocks that end at a marker of their own, and not at an empty line (CommonMark 4.6): one in a text would hide
/// the headings after it.
const HTML_BLOCKS: [&str; 7] = ["<script", "<pre", "<style", "<textarea", "<!--", "<?", "<!"];

/// What Markdown takes for marks within a line.
const MARKS: [char; 11] = ['\\', '`', '*', '_', '[', ']', '<', '>', '&', '#', '~'];

/// A line of plain text, escaped if Markdown would take it for something that changes what follows.
pub(in crate::text) fn plain_line(line: &str) -> String {
    let is_rule = line.len() > 1 && line.chars().all(|c| matches!(c, '-' | '='));
    let begins = |begin: &str| line.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin));
    let marked = line.starts_with('#') || line.starts_with("```") || line.starts_with("~~~");
    if marked || is_rule || HTML_BLOCKS.iter().any(|begin| begins(begin)) {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
}

/// A heading: its words are escaped, so that Markdown gives them back as they are.
pub(in crate::text) fn heading(level: usize, text: &str) -> String {
    let mut line = "#".repeat(level.clamp(1, 6));
    for word in text.split_whitespace() {
        line.push(' ');
        for letter in word.chars() {
            if MARKS.contains(&letter) {
                line.push('\\');
            }
            line.push(letter);
        }
    }
    line
}

/// With one space between words.
pub(in crate::text) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_text_begins_nothing() {
        for line in ["# x", "---", "===", "```rust", "~~~", "<script> is a tag", "<!-- x", "<PRE>"] {
            assert_eq!(plain_line(line), format!("\\{line}"));
        }
        for line in ["", "-", "x # y", "<Enter> ends it", "- item", "ä"] {
            assert_eq!(plain_line(line), line);
        }
    }
}
