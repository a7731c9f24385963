//! A document's text, or why it has none.

use serde::{Deserialize, Serialize};

/// The most text that a document may have, in bytes: compressed files hold more than their size.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// A document's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// Its title, where it says one.
    pub title: Option<String>,
    /// Its text as Markdown.
    pub markdown: String,
    /// What of it could not be read.
    pub warnings: Vec<String>,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The document is at fault.
    #[error("the document can't be read: {0}")]
    Unreadable(String),
    /// It takes more time or memory than a document may.
    #[error("the document takes more than {0} to read: divide it, or send its text")]
    TooComplex(String),
    /// Not now.
    #[error("no process can be started to read the document: {0}")]
    Unavailable(String),
}

/// A line of running text, escaped if Markdown would read it otherwise.
pub(in crate::text) fn plain_line(line: &str) -> String {
    let marked = line.starts_with('#') || (line.len() > 1 && line.chars().all(|c| matches!(c, '-' | '=')));
    if marked { format!("\\{line}") } else { line.to_owned() }
}
