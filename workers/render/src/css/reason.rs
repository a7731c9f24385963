//! States why a value has no effect.

use cssparser::{ParseError, ParseErrorKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    NotUnderstood,
    Message(String),
}

/// A reason, inside cssparser's error.
pub(super) type Failure = ParseError<Reason>;

impl Reason {
    pub fn new(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }

    pub(super) fn fails<T>(text: &str) -> Result<T, Failure> {
        Err(Self::new(text).into())
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { kind: ParseErrorKind::Custom(reason) }
    }
}
