//! Errors, written for the person who sent the job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A job's input that can't be worked on: which field, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{param}: {message}")]
pub struct Invalid {
    /// The field, as a path: `messages[2].content`.
    pub param: String,
    /// What is wrong, with which value, and what is allowed.
    pub message: String,
}

impl Invalid {
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into() }
    }
}

/// Why a job ended badly. `code` is for programs and stable; `message` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Failure {
    /// A stable name, such as `context_length_exceeded`. Names of [`codes`] or the kind's own.
    pub code: String,
    /// What happened and what to do about it.
    pub message: String,
    /// The field of the input that caused it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
}

impl Failure {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), param: None }
    }

    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Whether the sender can fix it by sending another job (HTTP status 4xx).
    #[must_use]
    pub fn is_callers(&self) -> bool {
        codes::CALLERS.contains(&self.code.as_str())
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self { code: codes::INVALID.into(), message: invalid.message, param: Some(invalid.param) }
    }
}

/// Failure codes with the same meaning for every kind.
pub mod codes {
    pub const CALLERS: &[&str] = &[
        INVALID,
        CONTEXT_LENGTH,
        UNKNOWN_MODEL,
        UNKNOWN_CONVERSATION,
        VERSION,
        TEMPLATE,
        UNKNOWN_TEMPLATE,
        STANDARD,
        TOO_COMPLEX,
        UNREADABLE_DOCUMENT,
        UNKNOWN_DOCUMENT,
    ];

    pub const INVALID: &str = "invalid_request";
    /// The prompt does not fit the model's context.
    pub const CONTEXT_LENGTH: &str = "context_length_exceeded";
    pub const UNKNOWN_MODEL: &str = "model_not_found";
    pub const UNKNOWN_COLLECTION: &str = "collection_not_found";
    pub const UNKNOWN_CONVERSATION: &str = "conversation_not_found";
    /// The worker can't read this version of the body's schema.
    pub const VERSION: &str = "unsupported_version";
    /// The template has an error: `template.typ:12: unknown variable: x`.
    pub const TEMPLATE: &str = "template_error";
    /// Neither a built-in template nor one of the tenant.
    pub const UNKNOWN_TEMPLATE: &str = "template_not_found";
    /// The document can't meet a standard that was asked for.
    pub const STANDARD: &str = "standard_not_met";
    /// The document exceeds the bounds on time or memory.
    pub const TOO_COMPLEX: &str = "too_complex";
    /// The document is broken, encrypted, or has no text.
    pub const UNREADABLE_DOCUMENT: &str = "unreadable_document";
    pub const UNKNOWN_DOCUMENT: &str = "document_not_found";
    /// A defect of the program that worked on the job.
    pub const INTERNAL: &str = "internal_error";
    pub const DEADLINE: &str = "deadline_exceeded";
    /// All attempts failed; the message contains the last error.
    pub const ATTEMPTS: &str = "attempts_exhausted";
    /// The job's body is not in the object store.
    pub const CLAIM_MISSING: &str = "claim_missing";
    /// The job's body in the object store differs from its hash.
    pub const CLAIM_CORRUPT: &str = "claim_corrupt";
    pub const RESULT_TOO_LARGE: &str = "result_too_large";
}
