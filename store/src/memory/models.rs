//! Embedding models, and migrations of collections between them, in memory.

use async_trait::async_trait;
use ruche_schemas::TenantId;

use super::tables::{Memory, Tables, size};
use crate::{
    error::StoreError,
    models::{Chunks, EmbeddingModel, Migration, Missing, ModelMigrations, ModelVersion},
};

impl Tables {
    /// Finds or creates the model of this name and version. An entry known only by name takes this version.
    pub(super) fn model(&mut self, version: &ModelVersion) -> EmbeddingModel {
        let ModelVersion { name, version, dimensions } = version.clone();
        let is = |model: &&EmbeddingModel| model.name == name && (model.version == version || model.version.is_empty());
        let known = self.models.values().find(is).map(|model| model.id);
        let id = known.unwrap_or_else(|| self.models.last_key_value().map_or(1, |(last, _)| last + 1));
        let model = EmbeddingModel { id, name, version, dimensions };
        self.models.insert(id, model.clone());
        model
    }

    pub(super) fn named(&mut self, name: &str) -> i32 {
        let known = self.models.values().rfind(|model| model.name == name).map(|model| model.id);
        known.unwrap_or_else(|| {
            self.model(&ModelVersion { name: name.to_owned(), version: String::new(), dimensions: 0 }).id
        })
    }

    pub(super) fn model_name(&self, id: i32) -> String {
        self.models.get(&id).map(|model| model.name.clone()).unwrap_or_default()
    }

    fn without(&self, tenant: &TenantId, collection: &str, model: i32) -> Vec<Missing> {
        let mine = self.documents_in(tenant, collection).filter(|(_, row)| row.by(model).next().is_none());
        let mut all: Vec<_> = mine
            .map(|(id, row)| Missing { document: *id, source: row.listed.source.clone(), job: row.listed.job })
            .collect();
        all.sort_by(|a, b| a.source.cmp(&b.source));
        all
    }
}

#[async_trait]
impl ModelMigrations for Memory {
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<EmbeddingModel, StoreError> {
        let version = ModelVersion { name: name.to_owned(), version: version.to_owned(), dimensions };
        Ok(self.tables()?.model(&version))
    }

    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError> {
        let tables = self.tables()?;
        let Some(row) = tables.collection(tenant, collection) else { return Ok(None) };
        let model = |id: Option<i32>| tables.models.get(&id?).cloned();
        Ok(Some(Migration {
            searched: model(row.model),
            next: model(row.next),
            documents: tables.documents_in(tenant, collection).count() as u64,
            missing: row.next.map_or(0, |next| tables.without(tenant, collection, next).len() as u64),
        }))
    }

    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let Some(row) = tables.collection_mut(tenant, collection) else { return Ok(false) };
        Ok(*row.next.get_or_insert(model) == model)
    }

    async fn missing(
        &self,
        tenant: &TenantId,
        collection: &str,
        model: i32,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Missing>, StoreError> {
        let all = self.tables()?.without(tenant, collection, model);
        Ok(all.into_iter().filter(|one| one.source.as_str() > after).take(size(limit)).collect())
    }

    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let is_whole = tables.without(tenant, collection, model).is_empty();
        let Some(row) = tables.collection_mut(tenant, collection) else { return Ok(false) };
        if !is_whole || row.next != Some(model) {
            return Ok(false);
        }
        row.model = row.next.take();
        Ok(true)
    }

    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        if let Some(row) = tables.collection_mut(tenant, collection).filter(|row| row.next == Some(model)) {
            row.next = None;
        }
        Ok(())
    }

    async fn delete_chunks(
        &self,
        tenant: &TenantId,
        collection: &str,
        which: Chunks,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let mut tables = self.tables()?;
        let mut deleted = 0;
        for row in tables.documents.values_mut().filter(|row| row.is_in(tenant, collection)) {
            row.chunks.retain(|chunk| {
                let is_meant = match which {
                    Chunks::Of(model) => chunk.model == model,
                    Chunks::NotOf(model) => chunk.model != model,
                };
                let goes = is_meant && deleted < limit;
                deleted += u64::from(goes);
                !goes
            });
        }
        Ok(deleted)
    }
}
