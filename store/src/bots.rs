//! Bots, by name within a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, bots::Bot};

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq)]
pub struct StoredBot {
    pub bot: Bot,
    /// In microseconds, like every stored time.
    pub created_at: DateTime<Utc>,
    /// Serves as the version in [`Bots::change_bot`].
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    New,
    /// The tenant already has a bot of this name.
    Taken,
    /// The tenant has reached its limit of bots.
    Full,
}

#[async_trait]
pub trait Bots: Send + Sync + 'static {
    /// Sorted by name. Not paged: a tenant's number of bots is bounded.
    async fn bots(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, StoreError>;

    async fn bot(&self, tenant: &TenantId, name: &str) -> Result<Option<StoredBot>, StoreError>;

    /// Stores a new bot if the tenant has fewer than `most`.
    async fn make_bot(&self, tenant: &TenantId, bot: &StoredBot, most: u64) -> Result<Made, StoreError>;

    /// Replaces the bot of this name if its `updated_at` still is `read`; returns whether it did.
    async fn change_bot(&self, tenant: &TenantId, bot: &StoredBot, read: DateTime<Utc>) -> Result<bool, StoreError>;

    async fn delete_bot(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError>;
}
