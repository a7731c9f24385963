//! Store errors: temporary ones and permanent ones.

use ruche_schemas::Failure;

/// Failure code of a result that violates a rule of the store.
pub const NOT_STORABLE: &str = "not_storable";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Temporary: the store can't be reached, does not answer, or has data that this release can't read.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Permanent: the given data can't be stored.
    #[error("the result can't be kept: {0}")]
    Refused(Failure),
}

impl StoreError {
    pub(crate) fn unreadable(column: &str, why: impl std::fmt::Display) -> Self {
        Self::Unavailable(format!("{column} can't be read: {why}"))
    }
}

pub(crate) fn readable<T, E: std::fmt::Display>(column: &str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError::unreadable(column, error))
}
