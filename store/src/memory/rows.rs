//! Rows of the in-memory store.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId};
use serde_json::{Map, Value};

use crate::{
    conversations::{Conversation, StoredMessage},
    documents::{Chunk, DocumentMeta, Hash, IndexedDocument},
    groups::Group,
    jobs::EndedJob,
};

#[derive(Debug)]
pub(super) struct JobRow {
    pub(super) job: EndedJob,
    pub(super) index: Option<u32>,
}

#[derive(Debug)]
pub(super) struct GroupRow {
    pub(super) tenant: TenantId,
    pub(super) group: Group,
    pub(super) created_at: DateTime<Utc>,
    pub(super) jobs: BTreeSet<JobId>,
}

impl GroupRow {
    pub(super) fn new(tenant: &TenantId, group: Group, created_at: DateTime<Utc>) -> Self {
        Self { tenant: tenant.clone(), group, created_at, jobs: BTreeSet::new() }
    }

    pub(super) fn complete(&mut self, at: DateTime<Utc>) {
        let group = &mut self.group;
        if group.expected.is_some_and(|expected| group.done + group.failed + group.cancelled >= expected) {
            group.ended_at.get_or_insert(at);
        }
    }
}

#[derive(Debug)]
pub(super) struct ConversationRow {
    pub(super) tenant: TenantId,
    pub(super) conversation: Conversation,
    pub(super) messages: Vec<StoredMessage>,
}

#[derive(Debug, Clone)]
pub(super) struct CollectionRow {
    pub(super) description: Option<String>,
    pub(super) language: String,
    pub(super) model: Option<i32>,
    pub(super) next: Option<i32>,
    pub(super) created_at: DateTime<Utc>,
}

impl CollectionRow {
    pub(super) fn new(language: &str, created_at: DateTime<Utc>) -> Self {
        Self { description: None, language: language.to_owned(), model: None, next: None, created_at }
    }
}

#[derive(Debug)]
pub(super) struct DocumentRow {
    pub(super) tenant: TenantId,
    pub(super) listed: IndexedDocument,
    pub(super) content: String,
    pub(super) hash: Hash,
    pub(super) chunk_tokens: Option<u32>,
    pub(super) chunk_overlap: Option<u32>,
    /// The model of the last write, not of a later re-embedding.
    pub(super) model: Option<i32>,
    pub(super) chunks: Vec<ChunkRow>,
}

#[derive(Debug)]
pub(super) struct ChunkRow {
    pub(super) id: i64,
    pub(super) model: i32,
    pub(super) position: u32,
    pub(super) chunk: Chunk,
}

impl DocumentRow {
    pub(super) fn new(tenant: TenantId, listed: IndexedDocument) -> Self {
        Self {
            tenant,
            listed,
            content: String::new(),
            hash: [0; 32],
            chunk_tokens: None,
            chunk_overlap: None,
            model: None,
            chunks: Vec::new(),
        }
    }

    pub(super) fn is_in(&self, tenant: &TenantId, collection: &str) -> bool {
        self.tenant == *tenant && self.listed.collection == collection
    }

    pub(super) fn by(&self, model: i32) -> impl Iterator<Item = &ChunkRow> {
        self.chunks.iter().filter(move |chunk| chunk.model == model)
    }

    /// Appends a chunk after the others of its model.
    pub(super) fn add(&mut self, id: i64, model: i32, chunk: Chunk) {
        let position = u32::try_from(self.by(model).count()).unwrap_or(u32::MAX);
        self.chunks.push(ChunkRow { id, model, position, chunk });
    }

    pub(super) fn meta(&self) -> DocumentMeta {
        let listed = self.listed.clone();
        DocumentMeta {
            collection: listed.collection,
            source: listed.source,
            title: listed.title,
            url: listed.url,
            language: listed.language,
            metadata: fields(listed.metadata),
            published_at: listed.published_at,
            format: listed.format,
            content: self.content.clone(),
            chunk_tokens: self.chunk_tokens,
            chunk_overlap: self.chunk_overlap,
        }
    }
}

/// The fields of an object; empty for any other value.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
