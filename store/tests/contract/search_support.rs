//! Collections, models and chunks for searches, in a store in memory or in Postgres.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;
use ruche_store::{
    analysis::index,
    filter::{Condition, Test},
    memory::{Memory, StoredChunk},
    models::EmbeddingModel,
    search::{Filter, Hit, Lookup, Mode, Probe, Searchable},
};
use sea_orm::{DatabaseConnection, sqlx};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::support::tenant;

#[derive(Debug, Clone)]
pub struct Doc {
    pub id: Uuid,
    pub tenant: TenantId,
    pub collection: String,
    pub source: String,
    pub language: &'static str,
    pub metadata: Value,
    pub published_at: Option<DateTime<Utc>>,
    pub model: EmbeddingModel,
    pub chunks: Vec<(String, Vec<f32>)>,
}

impl Doc {
    /// A document of one chunk, in `docs` of acme.
    pub fn new(model: &EmbeddingModel, source: &str, text: &str, vector: &[f32]) -> Self {
        Self {
            id: Uuid::now_v7(),
            tenant: "acme".parse().unwrap(),
            collection: "docs".to_owned(),
            source: source.to_owned(),
            language: "english",
            metadata: json!({}),
            published_at: None,
            model: model.clone(),
            chunks: vec![(text.to_owned(), vector.to_vec())],
        }
    }
}

#[async_trait]
pub trait Shelf: Send + Sync {
    async fn model(&self, name: &str, dimensions: u32) -> EmbeddingModel;
    async fn collection(&self, tenant: &TenantId, name: &str, model: Option<&EmbeddingModel>);
    async fn document(&self, document: &Doc);
}

#[async_trait]
impl Shelf for Memory {
    async fn model(&self, name: &str, dimensions: u32) -> EmbeddingModel {
        static IDS: AtomicI64 = AtomicI64::new(1);
        let id = i32::try_from(IDS.fetch_add(1, Ordering::Relaxed)).unwrap();
        EmbeddingModel { id, name: name.to_owned(), version: "1".to_owned(), dimensions }
    }

    async fn collection(&self, tenant: &TenantId, name: &str, model: Option<&EmbeddingModel>) {
        self.put_collection(tenant.clone(), Searchable { name: name.to_owned(), model: model.cloned() });
    }

    async fn document(&self, document: &Doc) {
        static CHUNKS: AtomicI64 = AtomicI64::new(1);
        for (text, vector) in &document.chunks {
            let hit = Hit {
                chunk: CHUNKS.fetch_add(1, Ordering::Relaxed),
                document: document.id,
                collection: document.collection.clone(),
                source: document.source.clone(),
                title: None,
                url: None,
                path: Vec::new(),
                text: text.clone(),
                metadata: fields(&document.metadata),
                published_at: document.published_at,
                score: 0.0,
                highlights: Vec::new(),
                also_in: Vec::new(),
                explanation: None,
            };
            let (tenant, model) = (document.tenant.clone(), document.model.id);
            self.put_chunk(StoredChunk { tenant, model, vector: vector.clone(), hit });
        }
    }
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

const COLLECTION: &str = "
INSERT INTO collections (tenant, name, model_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, name) DO UPDATE SET model_id = excluded.model_id";

const DOCUMENT: &str = "
INSERT INTO documents (id, tenant, collection, source, language, metadata, published_at, format, content, hash, job_id,
  accepted_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, 'text', '', decode(repeat('00', 32), 'hex'), $1, now(), now())
ON CONFLICT DO NOTHING";

const CHUNK: &str = "
INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, embedding)
VALUES ($1, $2, $3, $4, $5, '{}', $6, array_length(regexp_split_to_array($6, ' '), 1), decode(repeat('00', 32), 'hex'),
  $7::text::tsvector, $8::real[]::public.vector)";

#[async_trait]
impl Shelf for DatabaseConnection {
    async fn model(&self, name: &str, dimensions: u32) -> EmbeddingModel {
        let insert = "INSERT INTO embedding_models (name, version, dimensions) VALUES ($1, '1', $2) RETURNING id";
        let query = sqlx::query_scalar(insert).bind(name).bind(i32::try_from(dimensions).unwrap());
        let id = query.fetch_one(self.get_postgres_connection_pool()).await.unwrap();
        EmbeddingModel { id, name: name.to_owned(), version: "1".to_owned(), dimensions }
    }

    async fn collection(&self, tenant: &TenantId, name: &str, model: Option<&EmbeddingModel>) {
        let query = sqlx::query(COLLECTION).bind(tenant.as_str()).bind(name).bind(model.map(|model| model.id));
        query.execute(self.get_postgres_connection_pool()).await.unwrap();
    }

    async fn document(&self, document: &Doc) {
        let pool = self.get_postgres_connection_pool();
        let (tenant, collection) = (document.tenant.as_str(), &document.collection);
        let row = sqlx::query(DOCUMENT).bind(document.id).bind(tenant).bind(collection).bind(&document.source);
        let row = row.bind(document.language).bind(document.metadata.to_string()).bind(document.published_at);
        row.execute(pool).await.unwrap();
        for (position, (text, vector)) in (0_i32..).zip(&document.chunks) {
            let row = sqlx::query(CHUNK).bind(document.id).bind(document.model.id).bind(position).bind(tenant);
            let row = row.bind(collection).bind(text).bind(index::vector(&[], text, document.language)).bind(vector);
            row.execute(pool).await.unwrap();
        }
    }
}

pub fn lookup(model: &EmbeddingModel, mode: Mode, text: Option<&str>, vector: Option<&[f32]>) -> Lookup {
    let probe = |vector: &[f32]| Probe { model: model.clone(), vector: vector.to_vec() };
    Lookup {
        mode,
        collections: vec![Searchable { name: "docs".to_owned(), model: Some(model.clone()) }],
        text: text.map(str::to_owned),
        probes: vector.into_iter().map(probe).collect(),
        top_k: 10,
        filter: Default::default(),
        highlight: false,
    }
}

/// The metadata's fields are equal to these.
pub fn metadata(fields: &Value) -> Filter {
    let is = |(name, value): (&String, &Value)| Condition { path: vec![name.clone()], test: Test::Is(value.clone()) };
    Filter { metadata: fields.as_object().unwrap().iter().map(is).collect(), ..Filter::default() }
}

pub fn sources(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.source.as_str()).collect()
}

/// Points `docs` at a new model, so that each part searches its own chunks.
pub async fn of_its_own(shelf: &dyn Shelf, name: &str) -> EmbeddingModel {
    let model = shelf.model(name, 3).await;
    shelf.collection(&tenant("acme"), "docs", Some(&model)).await;
    model
}
