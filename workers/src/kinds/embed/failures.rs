//! Which errors reject a document, and after which its job is tried again.

use ruche_schemas::{Failure, failure::codes};
use ruche_store::StoreError;

use crate::{inference::encoder::EncodeError, runtime::job_error::JobError, text::ExtractError};

pub(super) const NO_VECTOR: &str = "no_vector";

pub(super) fn unavailable(error: StoreError) -> JobError {
    match error {
        StoreError::Refused(failure) => JobError::Reject(failure),
        error @ StoreError::Unavailable(_) => JobError::retry(error),
    }
}

pub(super) fn unreadable(error: ExtractError) -> JobError {
    let code = match error {
        ExtractError::Unreadable(_) => codes::UNREADABLE_DOCUMENT,
        ExtractError::TooComplex(_) => codes::TOO_COMPLEX,
        ExtractError::Unavailable(_) => return JobError::retry(error),
    };
    JobError::Reject(Failure::new(code, error.to_string()).with_param("document"))
}

/// All chunks were counted before, so a wrong length is a defect of this program and not the document's.
pub(super) fn failed(error: EncodeError) -> JobError {
    match error {
        EncodeError::Stopped => JobError::retry(error),
        EncodeError::TooLong { .. } | EncodeError::LongQuery { .. } | EncodeError::NoTokens { .. } => {
            JobError::Reject(Failure::new(codes::INTERNAL, format!("a chunk was cut wrongly: {error}")))
        }
    }
}
