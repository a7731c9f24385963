//! Puts collections, models and chunks into a store in memory.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;
use ruche_store::{
    memory::{Memory, StoredChunk},
    models::EmbeddingModel,
    search::{Hit, Searchable},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub(crate) struct Doc {
    pub(crate) id: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) collection: String,
    pub(crate) source: String,
    pub(crate) metadata: Value,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) model: EmbeddingModel,
    pub(crate) chunks: Vec<(String, Vec<f32>)>,
}

impl Doc {
    /// Of one chunk, in `docs` of acme.
    pub(crate) fn new(model: &EmbeddingModel, source: &str, text: &str, vector: &[f32]) -> Self {
        Self {
            id: Uuid::now_v7(),
            tenant: "acme".parse().unwrap(),
            collection: "docs".to_owned(),
            source: source.to_owned(),
            metadata: json!({}),
            published_at: None,
            model: model.clone(),
            chunks: vec![(text.to_owned(), vector.to_vec())],
        }
    }
}

#[async_trait]
pub(crate) trait Shelf: Send + Sync {
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
