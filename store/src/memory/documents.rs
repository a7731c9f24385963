//! Searchable documents in memory.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, ids::collection_id};
use serde_json::Value;
use uuid::Uuid;

use super::{
    rows::{ChunkRow, DocumentRow},
    tables::{Memory, Tables, page, size},
};
use crate::{
    documents::{
        Chunk, ChunkCount, DocumentChunk, DocumentKey, DocumentStore, IndexedDocument, Indexing, Status,
        StoredDocument, stored_time,
    },
    error::StoreError,
    ledger::{Ended, Write, json, text},
    models::{CollectionModels, ModelVersion},
};

impl Memory {
    /// Stores a document with its chunks and its collection, as a worker's commit does.
    pub fn put_indexed(&self, tenant: &TenantId, document: IndexedDocument, chunks: Vec<DocumentChunk>) {
        let mut tables = self.lock();
        let model = chunks.first().map(|chunk| tables.named(&chunk.model));
        let at = document.accepted_at;
        let collection = tables.collection_or_new(tenant, &document.collection, at);
        collection.model = collection.model.or(model);
        let id = document.id;
        tables.documents.insert(id, DocumentRow::new(tenant.clone(), document));
        chunks.into_iter().for_each(|chunk| tables.add_chunk(id, chunk));
    }

    /// Adds a chunk, as a worker does that re-embeds a document.
    pub fn add_chunk(&self, document: Uuid, chunk: DocumentChunk) {
        self.lock().add_chunk(document, chunk);
    }

    /// Deletes a document or a collection's documents by id, as a gateway does.
    pub fn tombstone(&self, id: Uuid, at: DateTime<Utc>) {
        let mut tables = self.lock();
        tables.put_tombstone(id, at);
        tables
            .documents
            .retain(|document, row| *document != id && collection_id(&row.tenant, &row.listed.collection) != id);
    }

    #[must_use]
    pub fn indexed(&self, tenant: &TenantId, document: Uuid) -> Option<Arc<Indexing>> {
        let tables = self.lock();
        let row = tables.document(tenant, document)?;
        tables.indexing(row, document, row.model?)
    }

    #[must_use]
    pub fn indexed_by(&self, tenant: &TenantId, document: Uuid, model: &str) -> Option<Arc<Indexing>> {
        let tables = self.lock();
        let row = tables.document(tenant, document)?;
        let model = tables.models.values().find(|known| known.name == model && row.by(known.id).next().is_some())?.id;
        tables.indexing(row, document, model)
    }
}

impl Tables {
    fn document(&self, tenant: &TenantId, id: Uuid) -> Option<&DocumentRow> {
        self.documents.get(&id).filter(|row| row.tenant == *tenant)
    }

    pub(super) fn documents_in(
        &self,
        tenant: &TenantId,
        collection: &str,
    ) -> impl Iterator<Item = (&Uuid, &DocumentRow)> {
        self.documents.iter().filter(move |(_, row)| row.is_in(tenant, collection))
    }

    fn add_chunk(&mut self, document: Uuid, chunk: DocumentChunk) {
        let model = self.named(&chunk.model);
        self.chunks += 1;
        let DocumentChunk { path, text, tokens, .. } = chunk;
        let chunk = Chunk { path, text, tokens, hash: [0; 32], vector: Vec::new() };
        if let Some(row) = self.documents.get_mut(&document) {
            row.add(self.chunks, model, chunk);
        }
    }

    fn indexing(&self, row: &DocumentRow, document: Uuid, model: i32) -> Option<Arc<Indexing>> {
        let (meta, hash, again) = (row.meta(), row.hash, row.model != Some(model));
        let chunks = row.by(model).map(|chunk| chunk.chunk.clone()).collect();
        let model = self.models.get(&model)?.clone().into();
        Some(Arc::new(Indexing { document, meta, hash, again, model, chunks }))
    }

    pub(super) fn put_tombstone(&mut self, id: Uuid, at: DateTime<Utc>) {
        let tombstone = self.tombstones.entry(id).or_insert(stored_time(at));
        *tombstone = stored_time(at).max(*tombstone);
    }

    fn models_of(&self, tenant: &TenantId, collection: &str) -> CollectionModels {
        let Some(row) = self.collection(tenant, collection) else { return CollectionModels::default() };
        let model = |id: Option<i32>| Some(self.models.get(&id?)?.clone().into());
        let has_chunks = row.model.is_some_and(|model| self.has_chunks(tenant, collection, model));
        CollectionModels { searched: model(row.model), has_chunks, next: model(row.next) }
    }

    fn has_chunks(&self, tenant: &TenantId, collection: &str, model: i32) -> bool {
        self.documents_in(tenant, collection).any(|(_, row)| row.by(model).next().is_some())
    }

    fn status(&self, of: &DocumentKey, model: &ModelVersion) -> Status {
        let row = self.documents.get(&of.document);
        let model = self.models.values().find(|known| known.name == model.name && known.version == model.version);
        let chunks: Vec<&Chunk> = match (row, model) {
            (Some(row), Some(model)) => row.by(model.id).map(|chunk| &chunk.chunk).collect(),
            _ => Vec::new(),
        };
        let deleted = [of.document, collection_id(&of.tenant, &of.collection)];
        Status {
            language: self.collection(&of.tenant, &of.collection).map(|row| row.language.clone()),
            written: row.map(|row| (row.listed.accepted_at, row.listed.job)),
            deleted_at: deleted.iter().filter_map(|id| self.tombstones.get(id).copied()).max(),
            vectors: chunks.iter().map(|chunk| (chunk.hash, chunk.vector.clone())).collect(),
            chunks: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether each document's collection still uses the model that embedded it.
    pub(super) fn is_at_home(&self, ended: &Ended) -> bool {
        ended.writes.iter().all(|write| match write {
            Write::Indexed(indexing) if !indexing.again => {
                let key = key(ended, indexing);
                let CollectionModels { searched, has_chunks, .. } = self.models_of(&key.tenant, &key.collection);
                let superseded = self.status(&key, &indexing.model).supersedes(ended.created_at, ended.job.id);
                superseded || !has_chunks || searched.is_none_or(|searched| searched == indexing.model)
            }
            _ => true,
        })
    }

    pub(super) fn index(&mut self, ended: &Ended, indexing: &Indexing) {
        let Indexing { document, hash, again, .. } = indexing;
        let model = self.model(&indexing.model).id;
        let is_same = self.documents.get(document).is_some_and(|row| row.hash == *hash);
        let key = key(ended, indexing);
        let superseded = match again {
            true => !is_same,
            false => self.status(&key, &indexing.model).supersedes(ended.created_at, ended.job.id),
        };
        if superseded {
            return;
        }
        if !again {
            let at = stored_time(ended.ended_at);
            self.collection_or_new(&key.tenant, &key.collection, at).model = Some(model);
            let mut row = written(ended, indexing, model);
            if is_same && let Some(before) = self.documents.remove(document) {
                row.chunks = before.chunks;
            }
            self.documents.insert(*document, row);
        }
        let Some(row) = self.documents.get_mut(document) else { return };
        row.chunks.retain(|chunk| chunk.model != model);
        for chunk in &indexing.chunks {
            self.chunks += 1;
            row.add(self.chunks, model, Chunk { text: text(&chunk.text), ..chunk.clone() });
        }
    }
}

fn key(ended: &Ended, indexing: &Indexing) -> DocumentKey {
    let (tenant, collection) = (ended.job.tenant.clone(), indexing.meta.collection.clone());
    DocumentKey { tenant, collection, document: indexing.document }
}

fn written(ended: &Ended, indexing: &Indexing, model: i32) -> DocumentRow {
    let meta = indexing.meta.clone();
    let listed = IndexedDocument {
        id: indexing.document,
        collection: meta.collection,
        source: text(&meta.source),
        title: meta.title.as_deref().map(text),
        url: meta.url.as_deref().map(text),
        language: meta.language,
        metadata: json(Value::Object(meta.metadata)),
        published_at: meta.published_at,
        format: meta.format,
        bytes: meta.content.len() as u64,
        job: ended.job.id,
        accepted_at: stored_time(ended.created_at),
        updated_at: stored_time(ended.ended_at),
    };
    DocumentRow {
        content: text(&meta.content),
        hash: indexing.hash,
        chunk_tokens: meta.chunk_tokens,
        chunk_overlap: meta.chunk_overlap,
        model: Some(model),
        ..DocumentRow::new(ended.job.tenant.clone(), listed)
    }
}

#[async_trait]
impl DocumentStore for Memory {
    async fn documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError> {
        let mut all: Vec<_> = {
            let tables = self.tables()?;
            let mine = tables.documents.values().filter(|row| row.tenant == *tenant);
            mine.map(|row| row.listed.clone()).collect()
        };
        all.sort_by(|a, b| (&a.collection, &a.source).cmp(&(&b.collection, &b.source)));
        let mut rest = page(all, |one| one.id, u64::MAX, after);
        if let Some(rest) = &mut rest {
            rest.retain(|one| collection.is_none_or(|collection| one.collection == collection));
            rest.truncate(size(limit));
        }
        Ok(rest)
    }

    async fn document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError> {
        let tables = self.tables()?;
        let Some(row) = tables.document(tenant, id) else { return Ok(None) };
        let mut counts = BTreeMap::new();
        for chunk in &row.chunks {
            let (chunks, tokens) = counts.entry(chunk.model).or_insert((0, 0));
            (*chunks, *tokens) = (*chunks + 1, *tokens + u64::from(chunk.chunk.tokens));
        }
        let count = |(id, (chunks, tokens))| ChunkCount { model: tables.model_name(id), chunks, tokens };
        Ok(Some((row.listed.clone(), counts.into_iter().map(count).collect())))
    }

    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError> {
        let tables = self.tables()?;
        let Some(row) = tables.document(tenant, document) else { return Ok(None) };
        let searched = tables.collection(tenant, &row.listed.collection).and_then(|collection| collection.model);
        let searched = searched.filter(|model| row.by(*model).next().is_some());
        let Some(model) = searched.or_else(|| row.chunks.iter().map(|chunk| chunk.model).max()) else {
            return Ok(Some(Vec::new()));
        };
        let mut chunks: Vec<&ChunkRow> = row.by(model).collect();
        chunks.sort_by_key(|chunk| chunk.position);
        let listed = |row: &ChunkRow| DocumentChunk {
            id: row.id,
            position: row.position,
            path: row.chunk.path.clone(),
            text: row.chunk.text.clone(),
            tokens: row.chunk.tokens,
            model: tables.model_name(row.model),
        };
        Ok(Some(chunks.into_iter().skip(size(from)).take(size(limit)).map(listed).collect()))
    }

    async fn delete_document(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        if tables.document(tenant, id).is_none() {
            return Ok(false);
        }
        tables.documents.remove(&id);
        tables.put_tombstone(id, at);
        Ok(true)
    }

    async fn models_of(&self, tenant: &TenantId, collection: &str) -> Result<CollectionModels, StoreError> {
        Ok(self.tables()?.models_of(tenant, collection))
    }

    async fn status(&self, of: &DocumentKey, model: &ModelVersion) -> Result<Status, StoreError> {
        Ok(self.tables()?.status(of, model))
    }

    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<StoredDocument>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.document(tenant, document).map(|row| StoredDocument { meta: row.meta(), hash: row.hash }))
    }
}
