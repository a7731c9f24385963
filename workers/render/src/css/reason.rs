//! Why a value is not understood.

use cssparser::{ParseError, ParseErrorKind};

/// Why a value has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is not what the property takes.
    NotUnderstood,
    Says(String),
}

/// A reason, on its way out of cssparser's functions.
pub(super) type Failure = ParseError<Reason>;

impl Reason {
    /// In words.
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
