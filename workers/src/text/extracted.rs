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

/// A line of plain text, escaped if Markdown would interpret it.
pub(in crate::text) fn plain_line(line: &str) -> String {
    let marked = line.starts_with('#') || (line.len() > 1 && line.chars().all(|c| matches!(c, '-' | '=')));
    if marked { format!("\\{line}") } else { line.to_owned() }
}
