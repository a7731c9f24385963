//! Documents to be searched in, in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;
use uuid::Uuid;

use super::{Memory, page};
use crate::{
    collections::{ChunkCount, Collection, Corpus, DocumentChunk, IndexedDocument, NewCollection},
    jobs::StoreError,
    models::Missing,
};

/// A document with its chunks.
#[derive(Debug, Clone)]
pub(super) struct Held {
    tenant: TenantId,
    document: IndexedDocument,
    pub(super) chunks: Vec<DocumentChunk>,
}

impl Held {
    /// Whether it is in this collection.
    pub(super) fn is_in(&self, tenant: &TenantId, collection: &str) -> bool {
        self.tenant == *tenant && self.document.collection == collection
    }

    /// Whether this model has made chunks of it.
    pub(super) fn has(&self, model: &str) -> bool {
        self.chunks.iter().any(|chunk| chunk.model == model)
    }

    /// As one that a model has made no chunks of.
    pub(super) fn missing(&self) -> Missing {
        let IndexedDocument { id: document, source, job, .. } = self.document.clone();
        Missing { document, source, job }
    }
}

impl Memory {
    /// Adds a chunk to a document, as a worker does that embeds it anew.
    pub fn add_chunk(&self, document: Uuid, chunk: DocumentChunk) {
        let mut tables = self.lock();
        if let Some(held) = tables.corpus.iter_mut().find(|held| held.document.id == document) {
            held.chunks.push(chunk);
        }
    }

    /// Keeps a document with its chunks, as a worker does, and its collection.
    pub fn put_indexed(&self, tenant: &TenantId, document: IndexedDocument, chunks: Vec<DocumentChunk>) {
        let mut tables = self.lock();
        let (name, model) = (document.collection.clone(), chunks.first().map(|chunk| chunk.model.clone()));
        match tables.collections.iter_mut().find(|(owner, one)| owner == tenant && one.name == name) {
            Some((_, collection)) => collection.model = collection.model.take().or(model),
            None => tables.collections.push((
                tenant.clone(),
                Collection {
                    name,
                    description: None,
                    language: document.language.clone(),
                    model,
                    next_model: None,
                    documents: 0,
                    created_at: document.accepted_at,
                },
            )),
        }
        tables.corpus.push(Held { tenant: tenant.clone(), document, chunks });
    }

    fn counted(&self, tenant: &TenantId) -> Result<Vec<Collection>, StoreError> {
        let tables = self.tables()?;
        let count = |name: &str| {
            let mine = tables.corpus.iter().filter(|held| held.tenant == *tenant && held.document.collection == name);
            mine.count() as u64
        };
        let mine = tables.collections.iter().filter(|(owner, _)| owner == tenant);
        let mut all: Vec<_> = mine.map(|(_, one)| Collection { documents: count(&one.name), ..one.clone() }).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

#[async_trait]
impl Corpus for Memory {
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError> {
        let rest = self.counted(tenant)?.into_iter().filter(|one| after.is_none_or(|after| one.name.as_str() > after));
        Ok(rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError> {
        Ok(self.counted(tenant)?.into_iter().find(|one| one.name == name))
    }

    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError> {
        let all = &mut self.tables()?.collections;
        if all.iter().any(|(owner, one)| owner == tenant && one.name == new.name) {
            return Ok(false);
        }
        let NewCollection { name, description, language, at: created_at } = new.clone();
        let (model, next_model, documents) = (None, None, 0);
        let one = Collection { name, description, language, model, next_model, documents, created_at };
        all.push((tenant.clone(), one));
        Ok(true)
    }

    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError> {
        let all = &mut self.tables()?.collections;
        let Some((_, one)) = all.iter_mut().find(|(owner, one)| owner == tenant && one.name == name) else {
            return Ok(false);
        };
        if let Some(text) = description {
            one.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        if let Some(language) = language {
            one.language = language.to_owned();
        }
        Ok(true)
    }

    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let tables = &mut *self.tables()?;
        let mine = |owner: &TenantId, collection: &str| owner == tenant && collection == name;
        if !tables.collections.iter().any(|(owner, one)| mine(owner, &one.name)) {
            return Ok(false);
        }
        tables.corpus.retain(|held| !mine(&held.tenant, &held.document.collection) || held.document.accepted_at > at);
        let is_empty = !tables.corpus.iter().any(|held| mine(&held.tenant, &held.document.collection));
        tables.collections.retain(|(owner, one)| !(is_empty && mine(owner, &one.name)));
        Ok(true)
    }

    async fn indexed_documents(
        &self,
        tenant: &TenantId,
        collection: Option<&str>,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<IndexedDocument>>, StoreError> {
        let mut all: Vec<_> = {
            let tables = self.tables()?;
            let mine = tables.corpus.iter().filter(|held| held.tenant == *tenant);
            mine.map(|held| held.document.clone()).collect()
        };
        all.sort_by(|a, b| (&a.collection, &a.source).cmp(&(&b.collection, &b.source)));
        let mut rest = page(all, |one| one.id, u64::MAX, after);
        if let Some(rest) = &mut rest {
            rest.retain(|one| collection.is_none_or(|collection| one.collection == collection));
            rest.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(rest)
    }

    async fn indexed_document(
        &self,
        tenant: &TenantId,
        id: Uuid,
    ) -> Result<Option<(IndexedDocument, Vec<ChunkCount>)>, StoreError> {
        let tables = self.tables()?;
        let Some(held) = tables.corpus.iter().find(|held| held.tenant == *tenant && held.document.id == id) else {
            return Ok(None);
        };
        let mut counts: Vec<ChunkCount> = Vec::new();
        for chunk in &held.chunks {
            let tokens = u64::from(chunk.tokens);
            match counts.iter_mut().find(|count| count.model == chunk.model) {
                Some(count) => (count.chunks, count.tokens) = (count.chunks + 1, count.tokens + tokens),
                None => counts.push(ChunkCount { model: chunk.model.clone(), chunks: 1, tokens }),
            }
        }
        Ok(Some((held.document.clone(), counts)))
    }

    async fn chunks(
        &self,
        tenant: &TenantId,
        document: Uuid,
        limit: u64,
        from: u64,
    ) -> Result<Option<Vec<DocumentChunk>>, StoreError> {
        let tables = self.tables()?;
        let held = tables.corpus.iter().find(|held| held.tenant == *tenant && held.document.id == document);
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(held.map(|held| held.chunks.iter().skip(size(from)).take(size(limit)).cloned().collect()))
    }

    async fn delete_indexed(&self, tenant: &TenantId, id: Uuid, _: DateTime<Utc>) -> Result<bool, StoreError> {
        let all = &mut self.tables()?.corpus;
        let before = all.len();
        all.retain(|held| held.tenant != *tenant || held.document.id != id);
        Ok(all.len() < before)
    }
}
