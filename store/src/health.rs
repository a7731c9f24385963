//! Whether what is kept can be reached.

use async_trait::async_trait;

use crate::error::StoreError;

/// Says whether it can be used now.
#[async_trait]
pub trait Health: Send + Sync + 'static {
    /// # Errors
    /// [`StoreError::Unavailable`], with what is missing.
    async fn ready(&self) -> Result<(), StoreError>;
}
