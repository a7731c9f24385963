//! Bots that tenants have made.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, bots::Bot};

use crate::jobs::StoreError;

/// A bot, and since when it is so.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBot {
    /// What it is.
    pub bot: Bot,
    /// When it was made. Stores keep microseconds.
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

/// The part of the store that has bots.
#[async_trait]
pub trait Bots: Send + Sync + 'static {
    /// All bots of the tenant, by name: as many as one may have.
    async fn bots(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, StoreError>;

    /// The bot of this name.
    async fn bot(&self, tenant: &TenantId, name: &str) -> Result<Option<StoredBot>, StoreError>;

    /// Keeps a new bot, where the tenant has fewer than `most`.
    async fn make_bot(&self, tenant: &TenantId, bot: &StoredBot, most: u64) -> Result<Made, StoreError>;

    /// Puts a bot in place of the one of its name, if that is still as it was at `read`; tells whether it was.
    async fn change_bot(&self, tenant: &TenantId, bot: &StoredBot, read: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Deletes a bot; tells whether there was one.
    async fn delete_bot(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError>;
}
