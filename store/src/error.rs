//! What goes wrong between a caller and what is kept, and whether it ever goes well.

use ruche_schemas::Failure;

/// The code of a failure that says that a result breaks a rule of the store.
pub const NOT_STORABLE: &str = "not_storable";

/// Something can't be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store can't be reached, does not answer, or holds what this release can't read: try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It never goes well, because of what was given.
    #[error("the result can't be kept: {0}")]
    Refused(Failure),
}

impl StoreError {
    /// A column holds what can't be read.
    pub(crate) fn unreadable(column: &str, why: impl std::fmt::Display) -> Self {
        Self::Unavailable(format!("{column} can't be read: {why}"))
    }
}

/// What was read from a column.
pub(crate) fn readable<T, E: std::fmt::Display>(column: &str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError::unreadable(column, error))
}
