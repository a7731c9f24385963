//! API keys and their tenants.

use async_trait::async_trait;
use ruche_schemas::{TenantId, clock};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, TransactionTrait, sea_query::OnConflict};

use super::handle::Postgres;
use crate::{
    entities::{api_keys, tenants},
    error::{StoreError, readable},
    keys::{ApiKey, Keys, Role, StoredKey},
};

#[async_trait]
impl Keys for Postgres {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        let found =
            api_keys::Entity::find_by_id(id).filter(api_keys::Column::RevokedAt.is_null()).one(&self.db).await?;
        let Some(row) = found else { return Ok(None) };
        let (tenant, role) = (row.tenant.parse(), row.role.parse());
        let (tenant, role) = (readable("api_keys.tenant", tenant)?, readable("api_keys.role", role)?);
        Ok(Some(StoredKey { id: row.id, tenant, role, hash: row.hash }))
    }

    async fn create_key(&self, tenant: &TenantId, name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError> {
        let now = clock::now();
        let transaction = self.db.begin().await?;
        tenants::Entity::insert(tenants::ActiveModel { id: Set(tenant.as_str().into()), created_at: Set(now) })
            .on_conflict(OnConflict::column(tenants::Column::Id).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        let row = api_keys::ActiveModel {
            id: Set(key.id.into()),
            tenant: Set(tenant.as_str().into()),
            name: Set(name.into()),
            role: Set(role.as_str().into()),
            hash: Set(key.hash().to_vec()),
            created_at: Set(now),
            revoked_at: Set(None),
        };
        api_keys::Entity::insert(row).exec_without_returning(&transaction).await?;
        Ok(transaction.commit().await?)
    }
}
