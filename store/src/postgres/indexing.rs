//! Writes a document with its chunks in one transaction with its job's row. The transaction is not shared with other
//! commits ([`super::commits`]), which would all wait for ten thousand chunks; concurrency is limited so that other
//! calls find connections.

use ruche_schemas::ids::collection_id;
use sea_orm::{
    DatabaseConnection,
    sqlx::{self, PgConnection, Row as _},
};

use super::{chunks, commits, documents, groups, locks, models, rows, usage};
use crate::{
    analysis,
    documents::{DocumentKey, Indexing},
    error::StoreError,
    ledger::{Committed, Ended, Write, text},
};

/// Timeouts of this transaction: a slice may wait for a full disk cache, and a lock for another document.
const BOUNDS: &str = "SET LOCAL statement_timeout = '60s'";

/// Checks that the collection exists and uses this model. Runs before the upsert, which would lock the row even
/// without a change and block other documents.
const READY: &str = "SELECT 1 FROM collections o WHERE o.tenant = $1 AND o.name = $2 AND o.model_id = $3";

/// A collection that uses another model, of which it has chunks.
const ELSEWHERE: &str = "
SELECT 1 FROM collections o WHERE o.tenant = $1 AND o.name = $2 AND o.model_id <> $3 AND EXISTS (
    SELECT FROM chunks c WHERE c.tenant = $1 AND c.collection = $2 AND c.model_id = o.model_id)";

const COLLECTION: &str = "
INSERT INTO collections (tenant, name, model_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, name) DO UPDATE SET model_id = excluded.model_id
WHERE collections.model_id IS NULL OR (collections.model_id <> excluded.model_id AND NOT EXISTS (
    SELECT FROM chunks c WHERE c.tenant = $1 AND c.collection = $2 AND c.model_id = collections.model_id))";

const DOCUMENT: &str = "
INSERT INTO documents AS d (id, tenant, collection, source, title, url, language, metadata, published_at, format,
    content, hash, job_id, accepted_at, updated_at, chunk_tokens, chunk_overlap, analyzer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, url = excluded.url, language = excluded.language,
    metadata = excluded.metadata, published_at = excluded.published_at, format = excluded.format,
    content = excluded.content, hash = excluded.hash, job_id = excluded.job_id,
    accepted_at = excluded.accepted_at, updated_at = excluded.updated_at,
    chunk_tokens = excluded.chunk_tokens, chunk_overlap = excluded.chunk_overlap, analyzer = excluded.analyzer";

pub(super) fn is_one(ended: &Ended) -> bool {
    ended.writes.iter().any(|write| matches!(write, Write::Indexed(_)))
}

/// Lock order, against deadlocks: the job, its collection (shared), the document, rows of its group. Whoever deletes
/// a document or a collection, or switches a collection, takes only that lock, exclusively.
pub(super) async fn commit(db: &DatabaseConnection, ended: &Ended) -> Result<Committed, StoreError> {
    let row = rows::row(ended)?;
    let pool = db.get_postgres_connection_pool();
    let mut transaction = pool.begin().await?;
    sqlx::query(BOUNDS).execute(&mut *transaction).await?;
    locks::alone_raw(&mut transaction, ended.job.id.0).await?;
    let inserted = sqlx::query(rows::INSERT).bind(format!("[{row}]")).fetch_all(&mut *transaction).await?;
    if inserted.is_empty() {
        transaction.rollback().await?;
        return commits::why_not(db, ended).await;
    }
    for one in &ended.writes {
        match one {
            Write::Indexed(indexing) => {
                if !write(&mut transaction, ended, indexing).await? {
                    transaction.rollback().await?;
                    tracing::info!(document.id = %indexing.document, "its collection changed its model meanwhile: trying again");
                    return Ok(Committed::Fenced);
                }
            }
            Write::Usage(cost) => usage::insert_raw(&mut transaction, ended, cost).await?,
            // No kind writes these together with a document.
            Write::Turn(_) | Write::File(_) => {
                return Err(StoreError::Unavailable(
                    "a document can't be stored together with other writes".to_owned(),
                ));
            }
        }
    }
    if let Some(changes) = groups::changes(&[ended]) {
        sqlx::query(groups::ADD).bind(changes).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(Committed::Stored)
}

/// Writes the document, unless a later version or deletion is stored. Returns whether the collection still uses the
/// model: if it has switched since, a search would not find the document, so nothing is written and the job is
/// retried.
async fn write(db: &mut PgConnection, ended: &Ended, indexing: &Indexing) -> Result<bool, StoreError> {
    let Indexing { document, meta, hash, again, model, .. } = indexing;
    let key =
        DocumentKey { tenant: ended.job.tenant.clone(), collection: meta.collection.clone(), document: *document };
    let model = models::find_or_create(db, model).await?.id;
    locks::shared_raw(db, collection_id(&key.tenant, &key.collection)).await?;
    locks::alone_raw(db, *document).await?;
    let status = documents::head(db, &key).await?;
    let before = "SELECT hash, language, title, analyzer FROM documents WHERE id = $1";
    let before = sqlx::query(before).bind(document).fetch_optional(&mut *db).await?;
    let old_hash: Option<Vec<u8>> = before.as_ref().map(|row| row.try_get(0)).transpose()?;
    let old_words: Option<(String, Option<String>, i32)> = before
        .as_ref()
        .map(|row| Ok::<_, sqlx::Error>((row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)))
        .transpose()?;
    let is_same = old_hash.as_deref() == Some(hash.as_slice());
    let superseded = if *again { !is_same } else { status.supersedes(ended.created_at, ended.job.id) };
    if superseded {
        tracing::info!(document.id = %document, "what is kept of the document came after this: leaving it as it is");
        return Ok(true);
    }
    if !again {
        let elsewhere = sqlx::query(ELSEWHERE).bind(key.tenant.as_str()).bind(&key.collection).bind(model);
        if elsewhere.fetch_optional(&mut *db).await?.is_some() {
            return Ok(false);
        }
        put(db, ended, indexing, model).await?;
        if !is_same {
            // Chunks of other models belong to the old text.
            let stale = "DELETE FROM chunks WHERE document_id = $1 AND model_id <> $2";
            sqlx::query(stale).bind(document).bind(model).execute(&mut *db).await?;
        }
    }
    let words = (meta.language.clone(), meta.title.as_deref().map(text), analysis::VERSION);
    let new = chunks::keep_known(db, indexing, model).await?;
    if old_words.is_some_and(|old| old != words) {
        chunks::index_again(db, indexing).await?;
    }
    chunks::insert(db, &key, indexing, model, &new).await?;
    Ok(true)
}

async fn put(db: &mut PgConnection, ended: &Ended, indexing: &Indexing, model: i32) -> Result<(), StoreError> {
    let Indexing { document, meta, hash, .. } = indexing;
    let tenant = ended.job.tenant.as_str();
    let ready = sqlx::query(READY).bind(tenant).bind(&meta.collection).bind(model);
    if ready.fetch_optional(&mut *db).await?.is_none() {
        let collection = sqlx::query(COLLECTION).bind(tenant).bind(&meta.collection).bind(model);
        collection.execute(&mut *db).await?;
    }
    let metadata = crate::ledger::json(serde_json::Value::Object(meta.metadata.clone())).to_string();
    sqlx::query(DOCUMENT)
        .bind(document)
        .bind(tenant)
        .bind(&meta.collection)
        .bind(text(&meta.source))
        .bind(meta.title.as_deref().map(text))
        .bind(meta.url.as_deref().map(text))
        .bind(&meta.language)
        .bind(metadata)
        .bind(meta.published_at)
        .bind(&meta.format)
        .bind(text(&meta.content))
        .bind(hash.as_slice())
        .bind(ended.job.id.0)
        .bind(ended.created_at)
        .bind(ended.ended_at)
        .bind(meta.chunk_tokens.and_then(|tokens| i32::try_from(tokens).ok()))
        .bind(meta.chunk_overlap.and_then(|tokens| i32::try_from(tokens).ok()))
        .bind(analysis::VERSION)
        .execute(db)
        .await?;
    Ok(())
}
