//! Vector indexes: one for each model that has enough chunks.

use async_trait::async_trait;
use ruche_schemas::config;

use crate::error::StoreError;

#[async_trait]
pub trait Indexes: Send + Sync + 'static {
    /// Creates missing indexes one by one and drops useless ones, unless another process is doing so. This may take
    /// hours. Idempotent: after a dropped future or [`StoreError::Unavailable`], the next call repairs what was left.
    async fn reconcile_indexes(&self, settings: &config::Search) -> Result<Reconciled, StoreError>;
}

/// Names of the changed indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub created: Vec<String>,
    /// Indexes of models without chunks, and unfinished ones left by a crash.
    pub dropped: Vec<String>,
}
