//! Maps the engine's errors to what happens to the job.

use ruche_schemas::{Failure, failure::codes};

use crate::{inference::engine::GenerateError, runtime::job_error::JobError};

pub(super) fn refused(error: GenerateError) -> JobError {
    match &error {
        GenerateError::PromptTooLong { .. } => {
            JobError::Reject(Failure::new(codes::CONTEXT_LENGTH, error.to_string()).with_param("messages"))
        }
        GenerateError::Template(_) => {
            JobError::Reject(Failure::new(codes::INVALID, error.to_string()).with_param("messages"))
        }
        GenerateError::Stopped => JobError::retry(error),
    }
}
