//! Bots. New ones are counted under the tenant's lock, so that the limit holds under concurrency.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{
    TenantId,
    bots::{Bot, Moderation},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, TransactionTrait,
    sea_query::OnConflict,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{handle::Postgres, locks};
use crate::{
    bots::{Bots, Made, StoredBot},
    entities::bots::{self, Column},
    error::{StoreError, readable},
};

#[async_trait]
impl Bots for Postgres {
    async fn bots(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, StoreError> {
        let rows = bots::Entity::find().filter(Column::Tenant.eq(tenant.as_str())).all(&self.db).await?;
        let mut all: Vec<StoredBot> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
        // Postgres sorts by its locale.
        all.sort_by(|a, b| a.bot.name.cmp(&b.bot.name));
        Ok(all)
    }

    async fn bot(&self, tenant: &TenantId, name: &str) -> Result<Option<StoredBot>, StoreError> {
        let key = (tenant.as_str().to_owned(), name.to_owned());
        bots::Entity::find_by_id(key).one(&self.db).await?.map(read).transpose()
    }

    async fn make_bot(&self, tenant: &TenantId, bot: &StoredBot, most: u64) -> Result<Made, StoreError> {
        let transaction = self.db.begin().await?;
        locks::tenant(&transaction, locks::Of::Bots, tenant).await?;
        let row = row(tenant, bot)?;
        let key = (tenant.as_str().to_owned(), bot.bot.name.clone());
        if bots::Entity::find_by_id(key).count(&transaction).await? > 0 {
            return Ok(Made::Taken);
        }
        if bots::Entity::find().filter(Column::Tenant.eq(tenant.as_str())).count(&transaction).await? >= most {
            return Ok(Made::Full);
        }
        let nothing = OnConflict::columns([Column::Tenant, Column::Name]).do_nothing().to_owned();
        let made = bots::Entity::insert(row).on_conflict(nothing).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(if made > 0 { Made::New } else { Made::Taken })
    }

    async fn change_bot(&self, tenant: &TenantId, bot: &StoredBot, read: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut row = row(tenant, bot)?;
        row.created_at = NotSet;
        let same = bots::Entity::update_many()
            .set(row)
            .filter(Column::Tenant.eq(tenant.as_str()))
            .filter(Column::Name.eq(bot.bot.name.as_str()))
            .filter(Column::UpdatedAt.eq(read));
        Ok(same.exec(&self.db).await?.rows_affected > 0)
    }

    async fn delete_bot(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError> {
        let key = (tenant.as_str().to_owned(), name.to_owned());
        Ok(bots::Entity::delete_by_id(key).exec(&self.db).await?.rows_affected > 0)
    }
}

fn row(
    tenant: &TenantId,
    StoredBot { bot, created_at, updated_at }: &StoredBot,
) -> Result<bots::ActiveModel, StoreError> {
    Ok(bots::ActiveModel {
        tenant: Set(tenant.as_str().to_owned()),
        name: Set(bot.name.clone()),
        instructions: Set(bot.instructions.clone()),
        model: Set(bot.model.clone()),
        temperature: Set(bot.temperature),
        collections: Set(bot.collections.clone()),
        retrieval: Set(json(&bot.retrieval)?),
        rewrite: Set(bot.rewrite),
        moderation: Set(bot.moderation.0.clone()),
        limits: Set(json(&bot.limits)?),
        look: Set(json(&bot.look)?),
        created_at: Set(*created_at),
        updated_at: Set(*updated_at),
    })
}

fn read(row: bots::Model) -> Result<StoredBot, StoreError> {
    let bot = Bot {
        name: row.name,
        instructions: row.instructions,
        model: row.model,
        temperature: row.temperature,
        collections: row.collections,
        retrieval: parse("bots.retrieval", row.retrieval)?,
        rewrite: row.rewrite,
        moderation: Moderation(row.moderation),
        limits: parse("bots.limits", row.limits)?,
        look: parse("bots.look", row.look)?,
    };
    Ok(StoredBot { bot, created_at: row.created_at, updated_at: row.updated_at })
}

fn json(value: &impl Serialize) -> Result<Value, StoreError> {
    readable("a bot", serde_json::to_value(value))
}

fn parse<T: DeserializeOwned>(column: &str, value: Value) -> Result<T, StoreError> {
    readable(column, serde_json::from_value(value))
}
