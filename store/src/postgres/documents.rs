//! Reads and deletes searchable documents; [`super::indexing`] writes them. Deletion takes the document's lock, which
//! writers take too: either the writer sees the tombstone, or what it wrote is deleted.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, ids::collection_id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, TransactionTrait,
    Value,
    sqlx::{self, PgConnection, PgPool, Row as _},
};
use uuid::Uuid;

use super::{
    handle::Postgres,
    locks, models,
    sql::{fields, number, statement},
};
use crate::{
    documents::{
        ChunkCount, DocumentChunk, DocumentKey, DocumentMeta, DocumentStore, Hash, IndexedDocument, Status,
        StoredDocument,
    },
    entities::documents,
    error::{StoreError, readable},
    models::{CollectionModels, ModelVersion},
};

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

const STATUS: &str = "
SELECT c.language, d.accepted_at, d.job_id,
    (SELECT max(t.deleted_at) FROM document_tombstones t WHERE t.document_id IN ($3, $4)) AS deleted_at
FROM (SELECT) AS one
LEFT JOIN collections c ON c.tenant = $1 AND c.name = $2
LEFT JOIN documents d ON d.id = $3";

const MODELS: &str = "
SELECT m.id AS model_id, m.name AS model_name, m.version AS model_version, m.dimensions AS model_dimensions,
    n.id AS next_id, n.name AS next_name, n.version AS next_version, n.dimensions AS next_dimensions,
    EXISTS (SELECT FROM chunks k WHERE k.tenant = $1 AND k.collection = $2 AND k.model_id = c.model_id) AS has_chunks
FROM collections c
LEFT JOIN embedding_models m ON m.id = c.model_id
LEFT JOIN embedding_models n ON n.id = c.next_model_id
WHERE c.tenant = $1 AND c.name = $2";

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

#[async_trait]
impl DocumentStore for Postgres {
    async fn documents(
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
            let Some(last) = mine.one(&self.db).await? else { return Ok(None) };
            values.extend([Value::from(last.collection), Value::from(last.source)]);
            let (collection, source) = (values.len() - 1, values.len());
            sql.push_str(&format!(" AND (d.collection, d.source) > (${collection}, ${source})"));
        }
        values.push(number(limit));
        sql.push_str(&format!(" ORDER BY d.collection, d.source LIMIT ${}", values.len()));
        let rows = DocumentRow::find_by_statement(statement(&sql, values)).all(&self.db).await?;
        rows.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    async fn document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError> {
        let one = statement(&format!("{DOCUMENTS} AND d.id = $2"), [tenant.as_str().into(), id.into()]);
        let Some(row) = DocumentRow::find_by_statement(one).one(&self.db).await? else { return Ok(None) };
        let counts = "SELECT m.name AS model, count(*) AS chunks, sum(c.tokens)::bigint AS tokens FROM chunks c \
                      JOIN embedding_models m ON m.id = c.model_id WHERE c.document_id = $1 GROUP BY m.id, m.name \
                      ORDER BY m.id";
        let counts = CountRow::find_by_statement(statement(counts, [id.into()])).all(&self.db).await?;
        let counts = counts.into_iter().map(|row| ChunkCount {
            model: row.model,
            chunks: row.chunks.unsigned_abs(),
            tokens: row.tokens.unsigned_abs(),
        });
        Ok(Some((read(row)?, counts.collect())))
    }

    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError> {
        let values = [document.into(), tenant.as_str().into(), number(limit), number(from)];
        let rows = ChunkRow::find_by_statement(statement(CHUNKS, values)).all(&self.db).await?;
        if rows.is_empty() && self.document(tenant, document).await?.is_none() {
            return Ok(None);
        }
        rows.into_iter().map(read_chunk).collect::<Result<_, _>>().map(Some)
    }

    async fn delete_document(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let transaction = self.db.begin().await?;
        locks::alone(&transaction, id).await?;
        let mine = documents::Entity::delete_by_id(id).filter(documents::Column::Tenant.eq(tenant.as_str()));
        if mine.exec(&transaction).await?.rows_affected == 0 {
            return Ok(false);
        }
        put_tombstone(&transaction, id, at).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn models_of(&self, tenant: &TenantId, collection: &str) -> Result<CollectionModels, StoreError> {
        self.call("select", "collections", models_of(self.pool(), tenant, collection)).await
    }

    async fn status(&self, of: &DocumentKey, model: &ModelVersion) -> Result<Status, StoreError> {
        Box::pin(self.call("select", "documents", status(&self.db, of, model))).await
    }

    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<StoredDocument>, StoreError> {
        self.call("select", "documents", stored(&self.db, tenant, document)).await
    }
}

async fn models_of(pool: &PgPool, tenant: &TenantId, collection: &str) -> Result<CollectionModels, StoreError> {
    let row = sqlx::query(MODELS).bind(tenant.as_str()).bind(collection).fetch_optional(pool).await?;
    let Some(row) = row else { return Ok(CollectionModels::default()) };
    let model = |prefix| Ok::<_, StoreError>(models::read(&row, prefix)?.map(Into::into));
    Ok(CollectionModels { searched: model("model")?, has_chunks: row.try_get("has_chunks")?, next: model("next")? })
}

/// Records the deletion of a document or a collection, so that jobs accepted earlier don't restore it.
pub(super) async fn put_tombstone(db: &impl ConnectionTrait, id: Uuid, at: DateTime<Utc>) -> Result<(), StoreError> {
    let put = "INSERT INTO document_tombstones AS t (document_id, deleted_at) VALUES ($1, $2)
        ON CONFLICT (document_id) DO UPDATE SET deleted_at = greatest(t.deleted_at, excluded.deleted_at)";
    db.execute_raw(statement(put, [id.into(), at.into()])).await?;
    Ok(())
}

/// The state of a document without its vectors: decides whether a job may write.
pub(super) async fn head(db: &mut PgConnection, of: &DocumentKey) -> Result<Status, StoreError> {
    let row = sqlx::query(STATUS)
        .bind(of.tenant.as_str())
        .bind(&of.collection)
        .bind(of.document)
        .bind(collection_id(&of.tenant, &of.collection))
        .fetch_one(db)
        .await?;
    let (at, by): (Option<DateTime<Utc>>, Option<Uuid>) = (row.try_get("accepted_at")?, row.try_get("job_id")?);
    Ok(Status {
        language: row.try_get("language")?,
        written: at.zip(by.map(JobId)),
        deleted_at: row.try_get("deleted_at")?,
        ..Status::default()
    })
}

async fn status(db: &DatabaseConnection, of: &DocumentKey, model: &ModelVersion) -> Result<Status, StoreError> {
    let mut db = db.get_postgres_connection_pool().acquire().await?;
    let model = models::find_or_create(&mut db, model).await?.id;
    let mut status = head(&mut db, of).await?;
    let known = "SELECT hash, embedding::real[] AS vector FROM chunks WHERE document_id = $1 AND model_id = $2";
    let rows = sqlx::query(known).bind(of.document).bind(model).fetch_all(&mut *db).await?;
    status.chunks = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    status.vectors = HashMap::with_capacity(rows.len());
    for row in rows {
        let hash: Vec<u8> = row.try_get("hash")?;
        status.vectors.insert(read_hash(&hash)?, row.try_get("vector")?);
    }
    Ok(status)
}

async fn stored(
    db: &DatabaseConnection,
    tenant: &TenantId,
    document: Uuid,
) -> Result<Option<StoredDocument>, StoreError> {
    let mine = documents::Entity::find_by_id(document).filter(documents::Column::Tenant.eq(tenant.as_str()));
    let Some(row) = mine.one(db).await? else { return Ok(None) };
    let hash = read_hash(&row.hash)?;
    let meta = DocumentMeta {
        collection: row.collection,
        source: row.source,
        title: row.title,
        url: row.url,
        language: row.language,
        metadata: fields(row.metadata),
        published_at: row.published_at,
        format: row.format,
        content: row.content,
        chunk_tokens: row.chunk_tokens.and_then(|tokens| u32::try_from(tokens).ok()),
        chunk_overlap: row.chunk_overlap.and_then(|tokens| u32::try_from(tokens).ok()),
    };
    Ok(Some(StoredDocument { meta, hash }))
}

pub(super) fn read_hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Unavailable(format!("a hash of {} bytes can't be read", bytes.len())))
}

fn read(row: DocumentRow) -> Result<IndexedDocument, StoreError> {
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
        bytes: readable("documents.content", row.bytes.try_into())?,
        job: JobId(row.job_id),
        accepted_at: row.accepted_at,
        updated_at: row.updated_at,
    })
}

fn read_chunk(row: ChunkRow) -> Result<DocumentChunk, StoreError> {
    Ok(DocumentChunk {
        id: row.id,
        position: readable("chunks.position", row.position.try_into())?,
        path: readable("chunks.path", serde_json::from_value(row.path))?,
        text: row.text,
        tokens: readable("chunks.tokens", row.tokens.try_into())?,
        model: row.model,
    })
}
