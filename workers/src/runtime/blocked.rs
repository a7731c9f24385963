//! The error of follow-ups that can't be started yet.

use ruche_bus::Unavailable;
use ruche_store::{StoreError, objects::ClaimError};

use super::event_log::LogError;

/// A follow-up could not be started now: try again.
#[derive(Debug, thiserror::Error)]
#[error("what follows the job can't be started yet: {0}")]
pub(crate) struct Blocked(pub(super) String);

impl From<StoreError> for Blocked {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<Unavailable> for Blocked {
    fn from(error: Unavailable) -> Self {
        Self(error.to_string())
    }
}

impl From<ClaimError> for Blocked {
    fn from(error: ClaimError) -> Self {
        Self(error.to_string())
    }
}

impl From<LogError> for Blocked {
    fn from(error: LogError) -> Self {
        Self(error.to_string())
    }
}
