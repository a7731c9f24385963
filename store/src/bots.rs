//! Bots of tenants.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, bots::Bot};

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq)]
pub struct StoredBot {
    pub bot: Bot,
    /// Stores keep microseconds.
    pub created_at: DateTime<Utc>,
    /// When it was changed last: also its version.
    pub updated_at: DateTime<Utc>,
}

/// What became of a new bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is kept.
    New,
    /// The tenant has one of this name.
    Taken,
    /// The tenant has as many as it may have.
    Full,
}

#[async_trait]
pub trait Bots: Send + Sync + 'static {
    /// All bots of the tenant, by name: as many as one may have.
    async fn bots(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, StoreError>;

    async fn bot(&self, tenant: &TenantId, name: &str) -> Result<Option<StoredBot>, StoreError>;

    /// Keeps a new bot if the tenant has fewer than `most`.
    async fn make_bot(&self, tenant: &TenantId, bot: &StoredBot, most: u64) -> Result<Made, StoreError>;

    /// Replaces the bot of this name if it still has the version `read`; tells whether it had.
    async fn change_bot(&self, tenant: &TenantId, bot: &StoredBot, read: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Tells whether there was one.
    async fn delete_bot(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError>;
}
