//! Collections on their way from one embedding model to another, in memory: a model's name is all that tells it.

use async_trait::async_trait;
use ruche_schemas::TenantId;

use super::{Memory, Tables, collections::Held};
use crate::{
    collections::Collection,
    jobs::StoreError,
    models::{Chunks, Migration, Migrations, Missing, Model},
};

impl Tables {
    /// The number of a model; it is made if there is none.
    fn model(&mut self, name: &str, version: &str, dimensions: u32) -> Model {
        if let Some(model) = self.models.iter().find(|model| model.name == name && model.version == version) {
            return model.clone();
        }
        let id = i32::try_from(self.models.len()).unwrap_or(i32::MAX);
        let model = Model { id, name: name.to_owned(), version: version.to_owned(), dimensions };
        self.models.push(model.clone());
        model
    }

    /// The last model of this name.
    fn named(&mut self, name: &str) -> Model {
        match self.models.iter().rfind(|model| model.name == name) {
            Some(model) => model.clone(),
            None => self.model(name, "", 0),
        }
    }

    fn name(&self, id: i32) -> Option<String> {
        self.models.iter().find(|model| model.id == id).map(|model| model.name.clone())
    }

    fn collection_mut(&mut self, tenant: &TenantId, name: &str) -> Option<&mut Collection> {
        let mut all = self.collections.iter_mut();
        all.find(|(owner, one)| owner == tenant && one.name == name).map(|(_, one)| one)
    }

    fn without(&self, tenant: &TenantId, collection: &str, model: &str) -> Vec<Missing> {
        let mine = self.corpus.iter().filter(|held| held.is_in(tenant, collection) && !held.has(model));
        let mut all: Vec<_> = mine.map(Held::missing).collect();
        all.sort_by(|a, b| a.source.cmp(&b.source));
        all
    }
}

#[async_trait]
impl Migrations for Memory {
    async fn model(&self, name: &str, version: &str, dimensions: u32) -> Result<Model, StoreError> {
        Ok(self.tables()?.model(name, version, dimensions))
    }

    async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Migration>, StoreError> {
        let tables = &mut *self.tables()?;
        let Some(Collection { model, next_model, .. }) = tables.collection_mut(tenant, collection).cloned() else {
            return Ok(None);
        };
        let documents = tables.corpus.iter().filter(|held| held.is_in(tenant, collection)).count() as u64;
        let missing = next_model.as_ref().map_or(0, |next| tables.without(tenant, collection, next).len() as u64);
        let searched = model.map(|name| tables.named(&name));
        let next = next_model.map(|name| tables.named(&name));
        Ok(Some(Migration { searched, next, documents, missing }))
    }

    async fn begin_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let tables = &mut *self.tables()?;
        let name = tables.name(model);
        let Some(one) = tables.collection_mut(tenant, collection) else { return Ok(false) };
        if one.next_model.is_some() && one.next_model != name {
            return Ok(false);
        }
        one.next_model = name;
        Ok(true)
    }

    async fn missing(
        &self,
        tenant: &TenantId,
        collection: &str,
        model: i32,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Missing>, StoreError> {
        let tables = self.tables()?;
        let all = tables.without(tenant, collection, &tables.name(model).unwrap_or_default());
        let rest = all.into_iter().filter(|one| one.source.as_str() > after);
        Ok(rest.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn switch(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<bool, StoreError> {
        let tables = &mut *self.tables()?;
        let name = tables.name(model);
        let is_whole = tables.without(tenant, collection, name.as_deref().unwrap_or_default()).is_empty();
        let Some(one) = tables.collection_mut(tenant, collection) else { return Ok(false) };
        if !is_whole || one.next_model.is_none() || one.next_model != name {
            return Ok(false);
        }
        one.model = one.next_model.take();
        Ok(true)
    }

    async fn end_migration(&self, tenant: &TenantId, collection: &str, model: i32) -> Result<(), StoreError> {
        let tables = &mut *self.tables()?;
        let name = tables.name(model);
        if let Some(one) = tables.collection_mut(tenant, collection).filter(|one| one.next_model == name) {
            one.next_model = None;
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
        let tables = &mut *self.tables()?;
        let (Chunks::Of(id) | Chunks::NotOf(id)) = which;
        let name = tables.name(id).unwrap_or_default();
        let mut deleted = 0;
        for held in tables.corpus.iter_mut().filter(|held| held.is_in(tenant, collection)) {
            held.chunks.retain(|chunk| {
                let is_wanted = (chunk.model == name) == matches!(which, Chunks::Of(_));
                let goes = is_wanted && deleted < limit;
                deleted += u64::from(goes);
                !goes
            });
        }
        Ok(deleted)
    }
}
