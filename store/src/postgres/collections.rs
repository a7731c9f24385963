//! Collections of documents. Deletion takes the collection's lock, which writers of its documents share
//! ([`super::indexing`]): either the writer sees the tombstone, or what it wrote is deleted.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, ids::collection_id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, TransactionTrait,
    sea_query::{Expr, OnConflict},
};

use super::{
    documents,
    handle::Postgres,
    locks,
    sql::{number, statement},
};
use crate::{
    collections::{Collection, Collections, NewCollection},
    entities::collections,
    error::StoreError,
};

/// Documents per DELETE: few, so that each statement stays within its timeout however many chunks they have.
const DELETED_AT_ONCE: u64 = 50;

const COLLECTIONS: &str = "
SELECT o.name, o.description, o.language, m.name AS model, n.name AS next_model, o.created_at,
    (SELECT count(*) FROM documents d WHERE d.tenant = o.tenant AND d.collection = o.name) AS documents
FROM collections o
LEFT JOIN embedding_models m ON m.id = o.model_id
LEFT JOIN embedding_models n ON n.id = o.next_model_id
WHERE o.tenant = $1";

#[derive(FromQueryResult)]
struct CollectionRow {
    name: String,
    description: Option<String>,
    language: String,
    model: Option<String>,
    next_model: Option<String>,
    documents: i64,
    created_at: DateTime<Utc>,
}

#[async_trait]
impl Collections for Postgres {
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError> {
        let sql = format!("{COLLECTIONS} AND o.name > $2 ORDER BY o.name LIMIT $3");
        let values = [tenant.as_str().into(), after.unwrap_or_default().into(), number(limit)];
        let rows = CollectionRow::find_by_statement(statement(&sql, values)).all(&self.db).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError> {
        let sql = format!("{COLLECTIONS} AND o.name = $2");
        let one = statement(&sql, [tenant.as_str().into(), name.into()]);
        Ok(CollectionRow::find_by_statement(one).one(&self.db).await?.map(read))
    }

    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError> {
        let row = collections::ActiveModel {
            tenant: Set(tenant.as_str().into()),
            name: Set(new.name.clone()),
            description: Set(new.description.clone()),
            language: Set(new.language.clone()),
            model_id: Set(None),
            next_model_id: Set(None),
            created_at: Set(new.at),
        };
        let key = [collections::Column::Tenant, collections::Column::Name];
        let insert = collections::Entity::insert(row).on_conflict(OnConflict::columns(key).do_nothing().to_owned());
        Ok(insert.exec_without_returning(&self.db).await? > 0)
    }

    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mine = collections::Entity::update_many()
            .filter(collections::Column::Tenant.eq(tenant.as_str()))
            .filter(collections::Column::Name.eq(name))
            // Ensures that at least one column is set.
            .col_expr(collections::Column::Name, Expr::value(name));
        let mine = match description {
            Some(text) => {
                let text = Some(text.to_owned()).filter(|text| !text.is_empty());
                mine.col_expr(collections::Column::Description, Expr::value(text))
            }
            None => mine,
        };
        let mine = match language {
            Some(language) => mine.col_expr(collections::Column::Language, Expr::value(language)),
            None => mine,
        };
        Ok(mine.exec(&self.db).await?.rows_affected > 0)
    }

    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        if self.collection(tenant, name).await?.is_none() {
            return Ok(false);
        }
        let (transaction, id) = (self.db.begin().await?, collection_id(tenant, name));
        locks::alone(&transaction, id).await?;
        documents::put_tombstone(&transaction, id, at).await?;
        transaction.commit().await?;
        let some = "DELETE FROM documents WHERE id IN (SELECT id FROM documents WHERE tenant = $1 AND collection = $2 \
                    AND accepted_at <= $3 LIMIT $4)";
        loop {
            let values = [tenant.as_str().into(), name.into(), at.into(), number(DELETED_AT_ONCE)];
            if self.db.execute_raw(statement(some, values)).await?.rows_affected() == 0 {
                break;
            }
        }
        let empty = "DELETE FROM collections o WHERE o.tenant = $1 AND o.name = $2 AND NOT EXISTS (
            SELECT FROM documents d WHERE d.tenant = $1 AND d.collection = $2)";
        self.db.execute_raw(statement(empty, [tenant.as_str().into(), name.into()])).await?;
        Ok(true)
    }
}

fn read(row: CollectionRow) -> Collection {
    let CollectionRow { name, description, language, model, next_model, documents, created_at } = row;
    let documents = documents.unsigned_abs();
    Collection { name, description, language, model, next_model, documents, created_at }
}
