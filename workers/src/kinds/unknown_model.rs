//! The error for a job that names a model which this worker does not have.

use ruche_schemas::{Failure, Job, failure::codes};

use crate::runtime::job_error::JobError;

/// Retries, because another worker may have the model; rejects the job at its last attempt.
pub(super) fn absent<J: Job>(message: String, param: Option<&str>, attempt: u32) -> JobError {
    if attempt < J::LIMITS.attempts {
        return JobError::retry(anyhow::anyhow!(message));
    }
    let failure = Failure { param: param.map(str::to_owned), ..Failure::new(codes::UNKNOWN_MODEL, message) };
    JobError::Reject(failure)
}
