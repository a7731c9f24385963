//! Why a job failed, in answers.

use ruche_schemas::Failure;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a job became a dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadReason {
    /// What went wrong, for programs. It does not change: `attempts_exhausted` (each attempt failed), `deadline_exceeded`,
    /// `invalid_request` and so on.
    pub code: String,
    /// What went wrong, for people.
    pub message: String,
    /// The field of the body that is wrong, as a path, if it is the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
}

impl From<Failure> for DeadReason {
    fn from(Failure { code, message, param, .. }: Failure) -> Self {
        Self { code, message, param }
    }
}
