//! Why a job failed, in answers.

use ruche_schemas::Failure;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a job became a dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadReason {
    /// A stable name: `attempts_exhausted`.
    pub code: String,
    /// The error, in words.
    pub message: String,
    /// The field of the body that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
}

impl From<Failure> for DeadReason {
    fn from(Failure { code, message, param, .. }: Failure) -> Self {
        Self { code, message, param }
    }
}
