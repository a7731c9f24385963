//! Why a value has no effect.

use cssparser::{ParseError, ParseErrorKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    NotUnderstood,
    Says(String),
}

/// A reason, inside cssparser's error.
pub(super) type Failure = ParseError<Reason>;

impl Reason {
    pub fn says(text: impl Into<String>) -> Self {
        Self::Says(text.into())
    }

    pub(super) fn fails<T>(text: &str) -> Result<T, Failure> {
        Err(Self::says(text).into())
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { kind: ParseErrorKind::Custom(reason) }
    }
}
