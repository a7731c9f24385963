//! Documents as they are read: how things stand with one, and what is kept of it.

use std::collections::HashMap;

use crate::entities::documents;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, ids::collection_id};
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter,
    sqlx::{self, PgConnection, Row as _},
};
use uuid::Uuid;

use super::{error::explain, sql};
use crate::{
    documents::{About, Hash, InUse, ModelVersion, Place, Standing, Stored},
    ledger::LedgerError,
};

const STANDING: &str = "
SELECT c.language, d.accepted_at, d.job_id,
    (SELECT max(t.deleted_at) FROM document_tombstones t WHERE t.document_id IN ($3, $4)) AS deleted_at
FROM (SELECT) AS one
LEFT JOIN collections c ON c.tenant = $1 AND c.name = $2
LEFT JOIN documents d ON d.id = $3";

const IN_USE: &str = "
SELECT m.name, m.version, m.dimensions, n.name AS next_name, n.version AS next_version, n.dimensions AS next_dimensions,
    EXISTS (SELECT FROM chunks k WHERE k.tenant = $1 AND k.collection = $2 AND k.model_id = c.model_id) AS has_chunks
FROM collections c
LEFT JOIN embedding_models m ON m.id = c.model_id
LEFT JOIN embedding_models n ON n.id = c.next_model_id
WHERE c.tenant = $1 AND c.name = $2";

/// The models of a collection.
pub(super) async fn in_use(db: &DatabaseConnection, tenant: &TenantId, collection: &str) -> Result<InUse, LedgerError> {
    let pool = db.get_postgres_connection_pool();
    let row = sqlx::query(IN_USE).bind(tenant.as_str()).bind(collection).fetch_optional(pool).await.map_err(sql)?;
    let Some(row) = row else { return Ok(InUse::default()) };
    let model = |[name, version, dimensions]: [&str; 3]| {
        let (name, version): (Option<String>, Option<String>) = (row.try_get(name)?, row.try_get(version)?);
        let dimensions: Option<i32> = row.try_get(dimensions)?;
        let dimensions = u32::try_from(dimensions.unwrap_or(0)).unwrap_or(0);
        Ok(name.zip(version).map(|(name, version)| ModelVersion { name, version, dimensions }))
    };
    Ok(InUse {
        searched: model(["name", "version", "dimensions"]).map_err(sql)?,
        has_chunks: row.try_get("has_chunks").map_err(sql)?,
        next: model(["next_name", "next_version", "next_dimensions"]).map_err(sql)?,
    })
}

/// The number of a model, which is made if there is none of this version.
pub(super) async fn model_id(db: &mut PgConnection, model: &ModelVersion) -> Result<i32, LedgerError> {
    let find = || {
        sqlx::query_scalar("SELECT id FROM embedding_models WHERE name = $1 AND version = $2")
            .bind(&model.name)
            .bind(&model.version)
    };
    if let Some(id) = find().fetch_optional(&mut *db).await.map_err(sql)? {
        return Ok(id);
    }
    let make = "INSERT INTO embedding_models (name, version, dimensions) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let dimensions = i32::try_from(model.dimensions).unwrap_or(i32::MAX);
    let make = sqlx::query(make).bind(&model.name).bind(&model.version).bind(dimensions);
    make.execute(&mut *db).await.map_err(sql)?;
    find().fetch_one(&mut *db).await.map_err(sql)
}

/// What decides whether a job may write, and what it goes by; without vectors.
pub(super) async fn head(db: &mut PgConnection, of: &Place) -> Result<Standing, LedgerError> {
    let row = sqlx::query(STANDING)
        .bind(of.tenant.as_str())
        .bind(&of.collection)
        .bind(of.document)
        .bind(collection_id(&of.tenant, &of.collection))
        .fetch_one(db)
        .await
        .map_err(sql)?;
    let (at, by): (Option<DateTime<Utc>>, Option<Uuid>) =
        (row.try_get("accepted_at").map_err(sql)?, row.try_get("job_id").map_err(sql)?);
    Ok(Standing {
        language: row.try_get("language").map_err(sql)?,
        written: at.zip(by.map(JobId)),
        deleted_at: row.try_get("deleted_at").map_err(sql)?,
        ..Standing::default()
    })
}

/// How things stand with a document, its vectors included.
pub(super) async fn standing(
    db: &DatabaseConnection,
    of: &Place,
    model: &ModelVersion,
) -> Result<Standing, LedgerError> {
    let mut db = db.get_postgres_connection_pool().acquire().await.map_err(sql)?;
    let model = model_id(&mut db, model).await?;
    let mut standing = head(&mut db, of).await?;
    let known = "SELECT hash, embedding::real[] AS vector FROM chunks WHERE document_id = $1 AND model_id = $2";
    let rows = sqlx::query(known).bind(of.document).bind(model).fetch_all(&mut *db).await.map_err(sql)?;
    standing.chunks = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    standing.vectors = HashMap::with_capacity(rows.len());
    for row in rows {
        let hash: Vec<u8> = row.try_get("hash").map_err(sql)?;
        standing.vectors.insert(read_hash(&hash)?, row.try_get("vector").map_err(sql)?);
    }
    Ok(standing)
}

/// A document that is kept.
pub(super) async fn stored(
    db: &DatabaseConnection,
    tenant: &TenantId,
    document: Uuid,
) -> Result<Option<Stored>, LedgerError> {
    let mine = documents::Entity::find_by_id(document).filter(documents::Column::Tenant.eq(tenant.as_str()));
    let Some(row) = mine.one(db).await.map_err(explain)? else { return Ok(None) };
    let hash = read_hash(&row.hash)?;
    let metadata = match row.metadata {
        serde_json::Value::Object(metadata) => metadata,
        _ => serde_json::Map::new(),
    };
    let about = About {
        collection: row.collection,
        source: row.source,
        title: row.title,
        url: row.url,
        language: row.language,
        metadata,
        published_at: row.published_at,
        format: row.format,
        content: row.content,
        chunk_tokens: row.chunk_tokens.and_then(|tokens| u32::try_from(tokens).ok()),
        chunk_overlap: row.chunk_overlap.and_then(|tokens| u32::try_from(tokens).ok()),
    };
    Ok(Some(Stored { about, hash }))
}

pub(super) fn read_hash(bytes: &[u8]) -> Result<Hash, LedgerError> {
    bytes.try_into().map_err(|_| LedgerError::Unavailable(format!("a hash of {} bytes can't be read", bytes.len())))
}
