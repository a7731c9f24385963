//! Embedding models, and migrations of collections between them.

use async_trait::async_trait;
use ruche_schemas::{JobId, TenantId, ids::collection_id};
use sea_orm::{
    ConnectionTrait, FromQueryResult, TransactionTrait,
    sqlx::{self, PgConnection, Row as _, postgres::PgRow},
};
use uuid::Uuid;

use super::{
    handle::Postgres,
    locks,
    sql::{number, statement},
};
use crate::{
    error::{StoreError, readable},
    models::{Chunks, EmbeddingModel, Migration, Missing, ModelMigrations, ModelVersion},
};

const MIGRATION: &str = "
SELECT m.id AS model_id, m.name AS model_name, m.version AS model_version, m.dimensions AS model_dimensions,
    n.id AS next_id, n.name AS next_name, n.version AS next_version, n.dimensions AS next_dimensions,
    (SELECT count(*) FROM documents d WHERE d.tenant = $1 AND d.collection = $2) AS documents,
    CASE WHEN o.next_model_id IS NULL THEN 0 ELSE (
        SELECT count(*) FROM documents d WHERE d.tenant = $1 AND d.collection = $2 AND NOT EXISTS (
            SELECT FROM chunks c WHERE c.document_id = d.id AND c.model_id = o.next_model_id)) END AS missing
FROM collections o
LEFT JOIN embedding_models m ON m.id = o.model_id
LEFT JOIN embedding_models n ON n.id = o.next_model_id
WHERE o.tenant = $1 AND o.name = $2";

const MISSING: &str = "
SELECT d.id, d.source, d.job_id FROM documents d
WHERE d.tenant = $1 AND d.collection = $2 AND d.source > $4 AND NOT EXISTS (
    SELECT FROM chunks c WHERE c.document_id = d.id AND c.model_id = $3)
ORDER BY d.source LIMIT $5";

const BEGIN: &str = "
UPDATE collections SET next_model_id = $3
WHERE tenant = $1 AND name = $2 AND (next_model_id IS NULL OR next_model_id = $3)";

const SWITCH: &str = "
UPDATE collections SET model_id = next_model_id, next_model_id = NULL
WHERE tenant = $1 AND name = $2 AND next_model_id = $3 AND NOT EXISTS (
    SELECT FROM documents d WHERE d.tenant = $1 AND d.collection = $2 AND NOT EXISTS (
        SELECT FROM chunks c WHERE c.document_id = d.id AND c.model_id = $3))";

const END: &str = "UPDATE collections SET next_model_id = NULL WHERE tenant = $1 AND name = $2 AND next_model_id = $3";

const OTHER: &str = "
SELECT m.id FROM embedding_models m WHERE m.id <> $3 AND EXISTS (
    SELECT FROM chunks c WHERE c.tenant = $1 AND c.collection = $2 AND c.model_id = m.id)
LIMIT 1";

/// Skips chunks that a writer has locked.
const DELETE: &str = "
DELETE FROM chunks WHERE id IN (
    SELECT id FROM chunks WHERE tenant = $1 AND collection = $2 AND model_id = $3 LIMIT $4 FOR UPDATE SKIP LOCKED)";

#[derive(FromQueryResult)]
struct MissingRow {
    id: Uuid,
    source: String,
    job_id: Uuid,
}

#[derive(FromQueryResult)]
struct Id {
    id: i32,
}

#[async_trait]
impl ModelMigrations for Postgres {
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<EmbeddingModel, StoreError> {
        let model = ModelVersion { name: name.to_owned(), version: version.to_owned(), dimensions };
        let mut db = self.pool().acquire().await?;
        find_or_create(&mut db, &model).await
    }

    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError> {
        let one = sqlx::query(MIGRATION).bind(tenant.as_str()).bind(collection);
        let Some(row) = one.fetch_optional(self.pool()).await? else { return Ok(None) };
        let count = |name| Ok::<_, StoreError>(row.try_get::<i64, _>(name)?.unsigned_abs());
        Ok(Some(Migration {
            searched: read(&row, "model")?,
            next: read(&row, "next")?,
            documents: count("documents")?,
            missing: count("missing")?,
        }))
    }

    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let begin = statement(BEGIN, [tenant.as_str().into(), collection.into(), model.into()]);
        Ok(self.db.execute_raw(begin).await?.rows_affected() > 0)
    }

    async fn missing(
        &self,
        tenant: &TenantId,
        collection: &str,
        model: i32,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Missing>, StoreError> {
        let values = [tenant.as_str().into(), collection.into(), model.into(), after.into(), number(limit)];
        let rows = MissingRow::find_by_statement(statement(MISSING, values)).all(&self.db).await?;
        let missing = |row: MissingRow| Missing { document: row.id, source: row.source, job: JobId(row.job_id) };
        Ok(rows.into_iter().map(missing).collect())
    }

    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let transaction = self.db.begin().await?;
        locks::alone(&transaction, collection_id(tenant, collection)).await?;
        let switch = statement(SWITCH, [tenant.as_str().into(), collection.into(), model.into()]);
        let switched = transaction.execute_raw(switch).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(switched)
    }

    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError> {
        let end = statement(END, [tenant.as_str().into(), collection.into(), model.into()]);
        self.db.execute_raw(end).await?;
        Ok(())
    }

    async fn delete_chunks(
        &self,
        tenant: &TenantId,
        collection: &str,
        which: Chunks,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let model = match which {
            Chunks::Of(model) => model,
            Chunks::NotOf(model) => {
                let other = statement(OTHER, [tenant.as_str().into(), collection.into(), model.into()]);
                let Some(Id { id }) = Id::find_by_statement(other).one(&self.db).await? else { return Ok(0) };
                id
            }
        };
        let values = [tenant.as_str().into(), collection.into(), model.into(), number(limit)];
        Ok(self.db.execute_raw(statement(DELETE, values)).await?.rows_affected())
    }
}

pub(super) async fn find_or_create(db: &mut PgConnection, model: &ModelVersion) -> Result<EmbeddingModel, StoreError> {
    let find = || {
        let find = "SELECT id AS model_id, name AS model_name, version AS model_version, dimensions AS model_dimensions \
                    FROM embedding_models WHERE name = $1 AND version = $2";
        sqlx::query(find).bind(&model.name).bind(&model.version)
    };
    if let Some(row) = find().fetch_optional(&mut *db).await?
        && let Some(model) = read(&row, "model")?
    {
        return Ok(model);
    }
    let make = "INSERT INTO embedding_models (name, version, dimensions) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let dimensions = i32::try_from(model.dimensions).unwrap_or(i32::MAX);
    sqlx::query(make).bind(&model.name).bind(&model.version).bind(dimensions).execute(&mut *db).await?;
    let row = find().fetch_one(&mut *db).await?;
    read(&row, "model")?.ok_or_else(|| StoreError::Unavailable("a model was not kept".to_owned()))
}

/// The model in the columns `<prefix>_id`, `<prefix>_name`, `<prefix>_version` and `<prefix>_dimensions`; none if
/// they are null.
pub(super) fn read(row: &PgRow, prefix: &str) -> Result<Option<EmbeddingModel>, StoreError> {
    let column = |name: &str| format!("{prefix}_{name}");
    let Some(id) = row.try_get::<Option<i32>, _>(&*column("id"))? else { return Ok(None) };
    let dimensions = row.try_get::<i32, _>(&*column("dimensions"))?;
    Ok(Some(EmbeddingModel {
        id,
        name: row.try_get(&*column("name"))?,
        version: row.try_get(&*column("version"))?,
        dimensions: readable("embedding_models.dimensions", dimensions.try_into())?,
    }))
}
