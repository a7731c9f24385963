//! API keys in memory.

use async_trait::async_trait;
use ruche_schemas::TenantId;

use super::tables::Memory;
use crate::{
    error::StoreError,
    keys::{ApiKey, Keys, Role, StoredKey},
};

impl Memory {
    pub fn revoke(&self, id: &str) {
        self.lock().keys.remove(id);
    }
}

#[async_trait]
impl Keys for Memory {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        Ok(self.tables()?.keys.get(id).cloned())
    }

    async fn create_key(&self, tenant: &TenantId, _name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError> {
        let stored = StoredKey { id: key.id.to_owned(), tenant: tenant.clone(), role, hash: key.hash().to_vec() };
        self.tables()?.keys.insert(stored.id.clone(), stored);
        Ok(())
    }
}
