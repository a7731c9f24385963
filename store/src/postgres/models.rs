//! Collections on their way from one embedding model to another.

use async_trait::async_trait;
use ruche_schemas::{JobId, TenantId, ids::collection_id};

use sea_orm::{ConnectionTrait, FromQueryResult, TransactionTrait};
use uuid::Uuid;

use super::{
    collections::{lock, number, statement},
    gateway::{Postgres, unreadable},
};
use crate::{
    jobs::StoreError,
    models::{Chunks, Migration, Migrations, Missing, Model},
};

const MIGRATION: &str = "
SELECT o.model_id, m.name AS name, m.version AS version, m.dimensions AS dimensions,
    o.next_model_id, n.name AS next_name, n.version AS next_version, n.dimensions AS next_dimensions,
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

/// One of the other models that have chunks in a collection.
const OTHER: &str = "
SELECT m.id FROM embedding_models m WHERE m.id <> $3 AND EXISTS (
    SELECT FROM chunks c WHERE c.tenant = $1 AND c.collection = $2 AND c.model_id = m.id)
LIMIT 1";

/// What a writer is at is left to it.
const DELETE: &str = "
DELETE FROM chunks WHERE id IN (
    SELECT id FROM chunks WHERE tenant = $1 AND collection = $2 AND model_id = $3 LIMIT $4 FOR UPDATE SKIP LOCKED)";

#[derive(FromQueryResult)]
struct ModelRow {
    id: i32,
    name: String,
    version: String,
    dimensions: i32,
}

#[derive(FromQueryResult)]
struct MigrationRow {
    model_id: Option<i32>,
    name: Option<String>,
    version: Option<String>,
    dimensions: Option<i32>,
    next_model_id: Option<i32>,
    next_name: Option<String>,
    next_version: Option<String>,
    next_dimensions: Option<i32>,
    documents: i64,
    missing: i64,
}

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
impl Migrations for Postgres {
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<Model, StoreError> {
        let find = || {
            let find = "SELECT id, name, version, dimensions FROM embedding_models WHERE name = $1 AND version = $2";
            ModelRow::find_by_statement(statement(find, [name.into(), version.into()])).one(&self.0)
        };
        if let Some(row) = find().await? {
            return model(row);
        }
        let make =
            "INSERT INTO embedding_models (name, version, dimensions) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let dimensions = i32::try_from(dimensions).unwrap_or(i32::MAX);
        self.0.execute_raw(statement(make, [name.into(), version.into(), dimensions.into()])).await?;
        model(find().await?.ok_or_else(|| StoreError("a model was not kept".to_owned()))?)
    }

    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError> {
        let one = statement(MIGRATION, [tenant.as_str().into(), collection.into()]);
        let Some(row) = MigrationRow::find_by_statement(one).one(&self.0).await? else { return Ok(None) };
        let joined = |id, name: Option<String>, version: Option<String>, dimensions: Option<i32>| {
            let (Some(id), Some(name), Some(version), Some(dimensions)) = (id, name, version, dimensions) else {
                return Ok(None);
            };
            model(ModelRow { id, name, version, dimensions }).map(Some)
        };
        Ok(Some(Migration {
            searched: joined(row.model_id, row.name, row.version, row.dimensions)?,
            next: joined(row.next_model_id, row.next_name, row.next_version, row.next_dimensions)?,
            documents: row.documents.unsigned_abs(),
            missing: row.missing.unsigned_abs(),
        }))
    }

    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let begin = statement(BEGIN, [tenant.as_str().into(), collection.into(), model.into()]);
        Ok(self.0.execute_raw(begin).await?.rows_affected() > 0)
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
        let rows = MissingRow::find_by_statement(statement(MISSING, values)).all(&self.0).await?;
        let missing = |row: MissingRow| Missing { document: row.id, source: row.source, job: JobId(row.job_id) };
        Ok(rows.into_iter().map(missing).collect())
    }

    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let transaction = self.0.begin().await?;
        lock(&transaction, collection_id(tenant, collection)).await?;
        let switch = statement(SWITCH, [tenant.as_str().into(), collection.into(), model.into()]);
        let switched = transaction.execute_raw(switch).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(switched)
    }

    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError> {
        let end = statement(END, [tenant.as_str().into(), collection.into(), model.into()]);
        self.0.execute_raw(end).await?;
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
                let Some(Id { id }) = Id::find_by_statement(other).one(&self.0).await? else { return Ok(0) };
                id
            }
        };
        let values = [tenant.as_str().into(), collection.into(), model.into(), number(limit)];
        Ok(self.0.execute_raw(statement(DELETE, values)).await?.rows_affected())
    }
}

fn model(row: ModelRow) -> Result<Model, StoreError> {
    let ModelRow { id, name, version, dimensions } = row;
    Ok(Model { id, name, version, dimensions: unreadable("embedding_models.dimensions", dimensions.try_into())? })
}
