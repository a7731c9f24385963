//! Collections from one embedding model to another, while they are searched.
//!
//! Both models are kept until the switch: searches go by the old one, and each document is embedded anew by a job of the
//! kind `embed`. There is no list of what is to be done: a document is done once it has chunks of the new model. So a
//! migration can be interrupted anywhere and goes on from what is there, documents that come or change meanwhile included.
//! Each request takes a step: it finds the documents that are missing, submits a bounded number of jobs, and switches once
//! none is missing.
//!
//! **No job twice.** A job's id follows from the document, from what wrote it last and from the model, so a second request
//! finds the job of the first. A failed one is submitted again on request, under another id.

use std::sync::Arc;

use ruche_bus::Bus;
use ruche_schemas::{Job as _, TenantId, kinds::embed::Embed};
use ruche_store::{
    Store,
    models::{Chunks, EmbeddingModel, Migration},
};
use tokio::time::timeout;

use super::{
    progress::{MigrationState, Progress},
    step::{Step, Steps},
};
use crate::{
    http::{error::ApiError, limits},
    jobs::{models::Models, service::Jobs},
    search::embed::Embedder,
};

/// Where a collection is to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The model to go to.
    pub(crate) model: &'a str,
    /// Whether chunks of other models stay after the switch.
    pub(crate) keep_old: bool,
    /// Whether documents that have failed are tried again.
    pub(crate) retry: bool,
}

pub struct Migrator {
    steps: Steps,
    store: Arc<dyn Store>,
    models: Arc<Models>,
    embedder: Arc<Embedder>,
}

impl Migrator {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, store: Arc<dyn Store>, jobs: &Jobs, embedder: Arc<Embedder>) -> Self {
        let (kinds, publisher) = (Arc::clone(&jobs.kinds), Arc::clone(&jobs.publisher));
        let steps = Steps { bus, store: Arc::clone(&store), kinds, publisher };
        Self { steps, store, models: Arc::clone(&jobs.models), embedder }
    }

    /// Takes the next step of a collection's way to a model.
    ///
    /// # Errors
    /// 404 for a collection or a model that there is not; 409 while it goes to another one; 503 where no worker has the
    /// model; as a submission is refused.
    pub(crate) async fn migrate(
        &self,
        tenant: &TenantId,
        collection: &str,
        target: Target<'_>,
    ) -> Result<Option<Progress>, ApiError> {
        let Some(mut known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let model = self.model_of_workers(tenant, target.model).await?;
        match &known.next {
            Some(next) if next.id != model.id => return Err(busy(collection, next, &model)),
            Some(_) => {}
            None if known.searched.as_ref().is_some_and(|searched| searched.id == model.id) => {
                return self.clear(tenant, collection, known, target.keep_old).await.map(Some);
            }
            None => {
                if !self.store.begin_migration(tenant, collection, model.id).await? {
                    return Err(ApiError::conflict("migration_under_way", "somebody else has just begun another one"));
                }
                known = self.store.migration(tenant, collection).await?.unwrap_or(known);
            }
        }
        let step = Step { steps: &self.steps, tenant, collection, model: &model, retry: target.retry, sends: true };
        let progress = Box::pin(step.look(known)).await?;
        if progress.migration.missing == 0 && self.store.switch(tenant, collection, model.id).await? {
            let Some(known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
            return self.clear(tenant, collection, known, target.keep_old).await.map(Some);
        }
        Ok(Some(progress))
    }

    /// How far a collection is; changes nothing. `None` where there is no such collection.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn progress(&self, tenant: &TenantId, collection: &str) -> Result<Option<Progress>, ApiError> {
        let Some(known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(model) = known.next.clone() else { return Ok(Some(Progress::at(MigrationState::None, known))) };
        let step = Step { steps: &self.steps, tenant, collection, model: &model, retry: false, sends: false };
        Box::pin(step.look(known)).await.map(Some)
    }

    /// Lets a collection stay with the model that it has, and deletes some of what the other one made. To be called again
    /// while it is [`MigrationState::Clearing`].
    ///
    /// # Errors
    /// 404 where it goes to no other model; 503.
    pub(crate) async fn cancel(&self, tenant: &TenantId, collection: &str) -> Result<Option<Progress>, ApiError> {
        let Some(mut known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(next) = known.next.clone() else {
            let message = format!("the collection {collection:?} goes to no other model: there is nothing to cancel");
            return Err(ApiError::not_found("no_migration", message).param("collection"));
        };
        // Chunks that it is searched with are not in the way, wherever they come from.
        let is_searched = known.searched.as_ref().is_some_and(|searched| searched.id == next.id);
        if !is_searched && self.delete_some(tenant, collection, Chunks::Of(next.id)).await? {
            return Ok(Some(Progress::at(MigrationState::Clearing, known)));
        }
        self.store.end_migration(tenant, collection, next.id).await?;
        (known.next, known.missing) = (None, 0);
        Ok(Some(Progress::at(MigrationState::None, known)))
    }

    /// Deletes some of what other models made in a collection that was switched.
    async fn clear(
        &self,
        tenant: &TenantId,
        collection: &str,
        known: Migration,
        keep_old: bool,
    ) -> Result<Progress, ApiError> {
        let searched = known.searched.as_ref().filter(|_| !keep_old).map(|model| model.id);
        let state = match searched {
            Some(id) if self.delete_some(tenant, collection, Chunks::NotOf(id)).await? => MigrationState::Clearing,
            _ => MigrationState::Done,
        };
        Ok(Progress::at(state, known))
    }

    /// Deletes a bounded number of chunks; tells whether some may be left.
    async fn delete_some(&self, tenant: &TenantId, collection: &str, which: Chunks) -> Result<bool, ApiError> {
        for _ in 0..limits::MIGRATE_SLICES {
            if self.store.delete_chunks(tenant, collection, which, limits::MIGRATE_DELETED).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The model that workers have under this name: one of them is asked, for only the file tells the version.
    async fn model_of_workers(&self, tenant: &TenantId, name: &str) -> Result<EmbeddingModel, ApiError> {
        self.models.check(&Embed::KIND, name).await?;
        if !self.models.has(&Embed::KIND, name).await? {
            let message = format!("no worker has the embedding model {name:?} now (`ruche workers list`): start one");
            return Err(ApiError::unavailable("model_unavailable", message, 2));
        }
        let late = |_| {
            let seconds = limits::MODEL_ASKED.as_secs();
            let message =
                format!("no worker has answered with the embedding model {name:?} within {seconds} s: try again");
            ApiError::unavailable("model_unavailable", message, 2)
        };
        let embedded =
            Box::pin(timeout(limits::MODEL_ASKED, self.embedder.probe_model(tenant, name))).await.map_err(late)??;
        let Some(version) = embedded.version.filter(|version| !version.is_empty()) else {
            let message = "the embed workers are older than this gateway: they don't say which file they have";
            return Err(ApiError::unavailable("worker_outdated", message, 60));
        };
        Ok(self.store.model(name, &version, embedded.dimensions).await?)
    }
}

fn busy(collection: &str, next: &EmbeddingModel, wanted: &EmbeddingModel) -> ApiError {
    let (name, wanted) = (&next.name, &wanted.name);
    let which = match name == wanted {
        true => format!("another file of {name:?} than workers have now"),
        false => format!("{name:?}"),
    };
    let message = format!(
        "the collection {collection:?} is on its way to {which}: finish that (`ruche embed migrate --to {name}`) or cancel it \
         (`ruche embed migrate --cancel`) first"
    );
    ApiError::conflict("migration_under_way", message).param("model")
}
