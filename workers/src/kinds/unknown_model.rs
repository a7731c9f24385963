//! A job that wants a model which this worker does not have.

use ruche_schemas::{Failure, Job, failure::codes};

use crate::runtime::job_error::JobError;

/// Another worker may have the model; if none took the job up to its last attempt, it fails.
pub(super) fn absent<J: Job>(message: String, param: Option<&str>, attempt: u32) -> JobError {
    if attempt < J::LIMITS.attempts {
        return JobError::retry(anyhow::anyhow!(message));
    }
    let failure = Failure { param: param.map(str::to_owned), ..Failure::new(codes::UNKNOWN_MODEL, message) };
    JobError::Reject(failure)
}
