//! What OpenAI's operations share: chats and embeddings.

use serde::Deserialize;
use utoipa::ToSchema;

use super::error::ApiError;

/// A string or a list of strings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the schema of a field that is read by hand, for better messages")]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A refusal of a parameter that OpenAI has and this system has not.
pub(crate) fn unsupported(param: &str, message: String) -> ApiError {
    ApiError::invalid(param, message).code("unsupported_parameter")
}
