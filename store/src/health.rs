//! Readiness of the store.

use async_trait::async_trait;

use crate::error::StoreError;

#[async_trait]
pub trait Health: Send + Sync + 'static {
    /// Fails with [`StoreError::Unavailable`], which says what is missing.
    async fn ready(&self) -> Result<(), StoreError>;
}
