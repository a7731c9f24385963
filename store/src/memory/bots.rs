//! Bots in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use super::tables::Memory;
use crate::{
    bots::{Bots, Made, StoredBot},
    error::StoreError,
};

#[async_trait]
impl Bots for Memory {
    async fn bots(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, StoreError> {
        let tables = self.tables()?;
        // The map is ordered by tenant and name.
        Ok(tables.bots.iter().filter(|((owner, _), _)| owner == tenant).map(|(_, bot)| bot.clone()).collect())
    }

    async fn bot(&self, tenant: &TenantId, name: &str) -> Result<Option<StoredBot>, StoreError> {
        Ok(self.tables()?.bots.get(&(tenant.clone(), name.to_owned())).cloned())
    }

    async fn make_bot(&self, tenant: &TenantId, bot: &StoredBot, most: u64) -> Result<Made, StoreError> {
        let bots = &mut self.tables()?.bots;
        let key = (tenant.clone(), bot.bot.name.clone());
        if bots.contains_key(&key) {
            return Ok(Made::Taken);
        }
        if bots.keys().filter(|(owner, _)| owner == tenant).count() as u64 >= most {
            return Ok(Made::Full);
        }
        bots.insert(key, bot.clone());
        Ok(Made::New)
    }

    async fn change_bot(&self, tenant: &TenantId, bot: &StoredBot, read: DateTime<Utc>) -> Result<bool, StoreError> {
        let bots = &mut self.tables()?.bots;
        let kept = bots.get_mut(&(tenant.clone(), bot.bot.name.clone())).filter(|kept| kept.updated_at == read);
        let Some(kept) = kept else { return Ok(false) };
        *kept = StoredBot { created_at: kept.created_at, ..bot.clone() };
        Ok(true)
    }

    async fn delete_bot(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError> {
        Ok(self.tables()?.bots.remove(&(tenant.clone(), name.to_owned())).is_some())
    }
}
