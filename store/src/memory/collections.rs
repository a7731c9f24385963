//! Collections of documents in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, clock, ids::collection_id, language::AUTO};

use super::{
    rows::CollectionRow,
    tables::{Memory, Tables, size},
};
use crate::{
    collections::{Collection, Collections, NewCollection},
    documents::stored_time,
    error::StoreError,
    models::ModelVersion,
    search::Searchable,
};

impl Memory {
    pub fn put_collection(&self, tenant: TenantId, collection: Searchable) {
        let mut tables = self.lock();
        let id = collection.model.as_ref().map(|model| model.id);
        tables.models.extend(collection.model.map(|model| (model.id, model)));
        tables.collection_or_new(&tenant, &collection.name, clock::now()).model = id;
    }

    /// Sets the model that a collection's queries use, and the one of its migration.
    pub fn put_in_use(&self, tenant: &TenantId, collection: &str, searched: ModelVersion, next: Option<ModelVersion>) {
        let mut tables = self.lock();
        let (model, next) = (tables.model(&searched).id, next.map(|next| tables.model(&next).id));
        let row = tables.collection_or_new(tenant, collection, clock::now());
        (row.model, row.next) = (Some(model), next);
    }
}

impl Tables {
    pub(super) fn collection(&self, tenant: &TenantId, name: &str) -> Option<&CollectionRow> {
        self.collections.get(&(tenant.clone(), name.to_owned()))
    }

    pub(super) fn collection_mut(&mut self, tenant: &TenantId, name: &str) -> Option<&mut CollectionRow> {
        self.collections.get_mut(&(tenant.clone(), name.to_owned()))
    }

    pub(super) fn collection_or_new(&mut self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> &mut CollectionRow {
        let key = (tenant.clone(), name.to_owned());
        self.collections.entry(key).or_insert_with(|| CollectionRow::new(AUTO, at))
    }

    fn read(&self, tenant: &TenantId, name: &str, row: &CollectionRow) -> Collection {
        let model = |id: Option<i32>| id.and_then(|id| self.models.get(&id)).map(|model| model.name.clone());
        Collection {
            name: name.to_owned(),
            description: row.description.clone(),
            language: row.language.clone(),
            model: model(row.model),
            next_model: model(row.next),
            documents: self.documents_in(tenant, name).count() as u64,
            created_at: row.created_at,
        }
    }
}

#[async_trait]
impl Collections for Memory {
    async fn collections(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<&str>,
    ) -> Result<Vec<Collection>, StoreError> {
        let tables = self.tables()?;
        // The map is ordered by tenant and name.
        let mine = tables
            .collections
            .iter()
            .filter(|((owner, name), _)| owner == tenant && after.is_none_or(|after| name.as_str() > after));
        Ok(mine.take(size(limit)).map(|((_, name), row)| tables.read(tenant, name, row)).collect())
    }

    async fn collection(&self, tenant: &TenantId, name: &str) -> Result<Option<Collection>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.collection(tenant, name).map(|row| tables.read(tenant, name, row)))
    }

    async fn create_collection(&self, tenant: &TenantId, new: &NewCollection) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        if tables.collection(tenant, &new.name).is_some() {
            return Ok(false);
        }
        let row = CollectionRow { description: new.description.clone(), ..CollectionRow::new(&new.language, new.at) };
        tables.collections.insert((tenant.clone(), new.name.clone()), row);
        Ok(true)
    }

    async fn change_collection(
        &self,
        tenant: &TenantId,
        name: &str,
        description: Option<&str>,
        language: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let Some(row) = tables.collection_mut(tenant, name) else { return Ok(false) };
        if let Some(text) = description {
            row.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        if let Some(language) = language {
            row.language = language.to_owned();
        }
        Ok(true)
    }

    async fn delete_collection(&self, tenant: &TenantId, name: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        if tables.collection(tenant, name).is_none() {
            return Ok(false);
        }
        tables.put_tombstone(collection_id(tenant, name), at);
        let at = stored_time(at);
        tables.documents.retain(|_, row| !row.is_in(tenant, name) || row.listed.accepted_at > at);
        if tables.documents_in(tenant, name).next().is_none() {
            tables.collections.remove(&(tenant.clone(), name.to_owned()));
        }
        Ok(true)
    }
}
