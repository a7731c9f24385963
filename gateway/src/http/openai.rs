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

/// 400 for a parameter of OpenAI's without support.
pub(crate) fn unsupported(param: &str, message: String) -> ApiError {
    ApiError::invalid(param, message).code("unsupported_parameter")
}
