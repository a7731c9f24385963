//! The indexes that searches use: one over the vectors of each model that has enough chunks.

use async_trait::async_trait;
use ruche_schemas::config;

use crate::error::StoreError;

#[async_trait]
pub trait Indexes: Send + Sync + 'static {
    /// Creates the missing indexes, one after the other, and drops the useless ones, unless another process does so now. It
    /// may take hours. If the future is dropped, the next call puts right what it leaves.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: again is always safe.
    async fn reconcile_indexes(&self, settings: &config::Search) -> Result<Reconciled, StoreError>;
}

/// The indexes that were changed, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub created: Vec<String>,
    /// Those of models without chunks, and those that a crash left unfinished.
    pub dropped: Vec<String>,
}
