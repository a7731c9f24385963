//! Keeps the indexes that searches use: one over the vectors of each model that has enough chunks.

use async_trait::async_trait;
use ruche_schemas::config;

/// Where vectors are kept.
#[async_trait]
pub trait Indexes: Send + Sync + 'static {
    /// Makes the indexes that are missing, one after the other, and drops those that are of no use, unless another process
    /// is at it. This may take hours; dropped, it leaves nothing that the next time does not put right.
    ///
    /// # Errors
    /// [`Unavailable`]: again is always safe.
    async fn tend(&self, settings: &config::Search) -> Result<Tended, Unavailable>;
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tended {
    /// The indexes that were made.
    pub made: Vec<String>,
    /// Those that were dropped: of models without chunks, and what a crash left unfinished.
    pub dropped: Vec<String>,
}

/// It can't be done now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);
