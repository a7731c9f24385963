//! Documents to be searched in, as workers wrote them, and their collections.
//!
//! Deleting takes the lock of the document, or of the collection, which its writers take too
//! (`workers/src/adapters/postgres/indexing.rs`): so either the writer sees that it was deleted, or what it wrote is deleted.

use crate::entities::{collections, documents};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, ids::collection_id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, Statement, TransactionTrait,
    Value,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::gateway::{Postgres, unreadable};
use crate::{
    collections::{ChunkCount, Collection, Corpus, DocumentChunk, IndexedDocument, NewCollection},
    jobs::StoreError,
};

/// Documents that one statement deletes: few, so that each is well within its bound however many chunks they have.
const DELETED_AT_ONCE: u64 = 50;

const COLLECTIONS: &str = "
SELECT o.name, o.description, o.language, m.name AS model, n.name AS next_model, o.created_at,
    (SELECT count(*) FROM documents d WHERE d.tenant = o.tenant AND d.collection = o.name) AS documents
FROM collections o
LEFT JOIN embedding_models m ON m.id = o.model_id
LEFT JOIN embedding_models n ON n.id = o.next_model_id
WHERE o.tenant = $1";

const DOCUMENTS: &str = "
SELECT d.id, d.collection, d.source, d.title, d.url, d.language, d.metadata, d.published_at, d.format,
    octet_length(d.content)::bigint AS bytes, d.job_id, d.accepted_at, d.updated_at
FROM documents d
WHERE d.tenant = $1";

const CHUNKS: &str = "
SELECT c.id, c.position, to_jsonb(c.path) AS path, c.text, c.tokens, m.name AS model
FROM chunks c JOIN embedding_models m ON m.id = c.model_id
WHERE c.document_id = $1 AND c.tenant = $2 AND c.model_id = coalesce(
    (SELECT o.model_id FROM collections o JOIN documents d ON d.tenant = o.tenant AND d.collection = o.name
     WHERE d.id = $1 AND EXISTS (SELECT FROM chunks k WHERE k.document_id = $1 AND k.model_id = o.model_id)),
    (SELECT max(k.model_id) FROM chunks k WHERE k.document_id = $1))
ORDER BY c.position LIMIT $3 OFFSET $4";

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

#[derive(FromQueryResult)]
struct DocumentRow {
    id: Uuid,
    collection: String,
    source: String,
    title: Option<String>,
    url: Option<String>,
    language: String,
    metadata: serde_json::Value,
    published_at: Option<DateTime<Utc>>,
    format: String,
    bytes: i64,
    job_id: Uuid,
    accepted_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct CountRow {
    model: String,
    chunks: i64,
    tokens: i64,
}

#[derive(FromQueryResult)]
struct ChunkRow {
    id: i64,
    position: i32,
    path: serde_json::Value,
    text: String,
    tokens: i32,
    model: String,
}

pub(super) fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// A number as a statement takes it.
pub(super) fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

#[async_trait]
impl Corpus for Postgres {
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError> {
        let sql = format!("{COLLECTIONS} AND o.name > $2 ORDER BY o.name LIMIT $3");
        let values = [tenant.as_str().into(), after.unwrap_or_default().into(), number(limit)];
        let rows = CollectionRow::find_by_statement(statement(&sql, values)).all(&self.0).await?;
        Ok(rows.into_iter().map(collection).collect())
    }

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError> {
        let sql = format!("{COLLECTIONS} AND o.name = $2");
        let one = statement(&sql, [tenant.as_str().into(), name.into()]);
        Ok(CollectionRow::find_by_statement(one).one(&self.0).await?.map(collection))
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
        Ok(insert.exec_without_returning(&self.0).await? > 0)
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
            // So that there is something to set in any case.
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
        Ok(mine.exec(&self.0).await?.rows_affected > 0)
    }

    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        if self.collection(tenant, name).await?.is_none() {
            return Ok(false);
        }
        let (transaction, id) = (self.0.begin().await?, collection_id(tenant, name));
        lock(&transaction, id).await?;
        bury(&transaction, id, at).await?;
        transaction.commit().await?;
        let some = "DELETE FROM documents WHERE id IN (SELECT id FROM documents WHERE tenant = $1 AND collection = $2 \
                    AND accepted_at <= $3 LIMIT $4)";
        loop {
            let values = [tenant.as_str().into(), name.into(), at.into(), number(DELETED_AT_ONCE)];
            if self.0.execute_raw(statement(some, values)).await?.rows_affected() == 0 {
                break;
            }
        }
        let empty = "DELETE FROM collections o WHERE o.tenant = $1 AND o.name = $2 AND NOT EXISTS (
            SELECT FROM documents d WHERE d.tenant = $1 AND d.collection = $2)";
        self.0.execute_raw(statement(empty, [tenant.as_str().into(), name.into()])).await?;
        Ok(true)
    }

    async fn indexed_documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError> {
        let mut sql = DOCUMENTS.to_owned();
        let mut values: Vec<Value> = vec![tenant.as_str().into()];
        if let Some(collection) = collection {
            values.push(collection.into());
            sql.push_str(&format!(" AND d.collection = ${}", values.len()));
        }
        if let Some(id) = after {
            let mine = documents::Entity::find_by_id(id).filter(documents::Column::Tenant.eq(tenant.as_str()));
            let Some(last) = mine.one(&self.0).await? else { return Ok(None) };
            values.extend([Value::from(last.collection), Value::from(last.source)]);
            let (collection, source) = (values.len() - 1, values.len());
            sql.push_str(&format!(" AND (d.collection, d.source) > (${collection}, ${source})"));
        }
        values.push(number(limit));
        sql.push_str(&format!(" ORDER BY d.collection, d.source LIMIT ${}", values.len()));
        let rows = DocumentRow::find_by_statement(statement(&sql, values)).all(&self.0).await?;
        rows.into_iter().map(document).collect::<Result<_, _>>().map(Some)
    }

    async fn indexed_document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError> {
        let one = statement(&format!("{DOCUMENTS} AND d.id = $2"), [tenant.as_str().into(), id.into()]);
        let Some(row) = DocumentRow::find_by_statement(one).one(&self.0).await? else { return Ok(None) };
        let counts = "SELECT m.name AS model, count(*) AS chunks, sum(c.tokens)::bigint AS tokens FROM chunks c \
                      JOIN embedding_models m ON m.id = c.model_id WHERE c.document_id = $1 GROUP BY m.id, m.name \
                      ORDER BY m.id";
        let counts = CountRow::find_by_statement(statement(counts, [id.into()])).all(&self.0).await?;
        let counts = counts.into_iter().map(|row| ChunkCount {
            model: row.model,
            chunks: row.chunks.unsigned_abs(),
            tokens: row.tokens.unsigned_abs(),
        });
        Ok(Some((document(row)?, counts.collect())))
    }

    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError> {
        let values = [document.into(), tenant.as_str().into(), number(limit), number(from)];
        let rows = ChunkRow::find_by_statement(statement(CHUNKS, values)).all(&self.0).await?;
        if rows.is_empty() && self.indexed_document(tenant, document).await?.is_none() {
            return Ok(None);
        }
        rows.into_iter().map(chunk).collect::<Result<_, _>>().map(Some)
    }

    async fn delete_indexed(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let transaction = self.0.begin().await?;
        lock(&transaction, id).await?;
        let mine = documents::Entity::delete_by_id(id).filter(documents::Column::Tenant.eq(tenant.as_str()));
        if mine.exec(&transaction).await?.rows_affected == 0 {
            return Ok(false);
        }
        bury(&transaction, id, at).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Takes the lock of a document or a collection, which has the number that workers know it by.
pub(super) async fn lock(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StoreError> {
    let number = i64::from_ne_bytes(id.as_u64_pair().1.to_ne_bytes());
    db.execute_raw(statement("SELECT pg_advisory_xact_lock($1)", [number.into()])).await?;
    Ok(())
}

/// Remembers that a document or a collection was deleted.
async fn bury(db: &impl ConnectionTrait, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
    let bury = "INSERT INTO document_tombstones AS t (document_id, deleted_at) VALUES ($1, $2)
        ON CONFLICT (document_id) DO UPDATE SET deleted_at = greatest(t.deleted_at, excluded.deleted_at)";
    db.execute_raw(statement(bury, [id.into(), at.into()])).await?;
    Ok(())
}

fn collection(row: CollectionRow) -> Collection {
    let CollectionRow { name, description, language, model, next_model, documents, created_at } = row;
    let documents = documents.unsigned_abs();
    Collection { name, description, language, model, next_model, documents, created_at }
}

fn document(row: DocumentRow) -> Result<IndexedDocument, StoreError> {
    Ok(IndexedDocument {
        id: row.id,
        collection: row.collection,
        source: row.source,
        title: row.title,
        url: row.url,
        language: row.language,
        metadata: row.metadata,
        published_at: row.published_at,
        format: row.format,
        bytes: unreadable("documents.content", row.bytes.try_into())?,
        job: JobId(row.job_id),
        accepted_at: row.accepted_at,
        updated_at: row.updated_at,
    })
}

fn chunk(row: ChunkRow) -> Result<DocumentChunk, StoreError> {
    Ok(DocumentChunk {
        id: row.id,
        position: unreadable("chunks.position", row.position.try_into())?,
        path: unreadable("chunks.path", serde_json::from_value(row.path))?,
        text: row.text,
        tokens: unreadable("chunks.tokens", row.tokens.try_into())?,
        model: row.model,
    })
}
