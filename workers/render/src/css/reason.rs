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

/// What a warning says of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Message(String),
    /// It has no effect, for a reason that other declarations have too.
    Ignored {
        declaration: String,
        why: &'static str,
    },
}

impl From<String> for Problem {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<Problem> for String {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Message(message) => message,
            Problem::Ignored { declaration, why } => format!("{declaration} has no effect: {why}"),
        }
    }
}
