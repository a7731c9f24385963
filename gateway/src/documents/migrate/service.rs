//! Migrates collections to another embedding model while they are searched. Both models' chunks stay until the
//! switch: searches use the old ones, and a job of the kind `embed` makes the new ones for each document.
//!
//! There is no list of work: a document is done once it has chunks of the new model. So a migration can be
//! interrupted anywhere, and includes documents that are added or changed meanwhile. Each request takes a step: it
//! finds missing documents, submits a bounded number of jobs, and switches once none is missing.
//!
//! **No job twice.** A job's id is derived from the document, its last writer and the model, so a second request
//! finds the first one's job. On request, a failed one is submitted again under another id.

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

/// The aim of a migration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) model: &'a str,
    /// Whether chunks of other models stay after the switch.
    pub(crate) keep_old: bool,
    /// Whether failed documents are tried again.
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

    /// Takes the next step of a migration.
    ///
    /// # Errors
    /// 404 for an unknown collection or model; 409 while it migrates to another model; 503 when no worker has the
    /// model; as a submission.
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
                    return Err(ApiError::conflict(
                        "migration_under_way",
                        "another migration of this collection has just started",
                    ));
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

    /// Changes nothing. `None` for an unknown collection.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn progress(&self, tenant: &TenantId, collection: &str) -> Result<Option<Progress>, ApiError> {
        let Some(known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(model) = known.next.clone() else { return Ok(Some(Progress::at(MigrationState::None, known))) };
        let step = Step { steps: &self.steps, tenant, collection, model: &model, retry: false, sends: false };
        Box::pin(step.look(known)).await.map(Some)
    }

    /// Cancels a migration, and deletes some of the new model's chunks. Call it again while it is
    /// [`MigrationState::Clearing`].
    ///
    /// # Errors
    /// 404 when there is no migration; 503.
    pub(crate) async fn cancel(&self, tenant: &TenantId, collection: &str) -> Result<Option<Progress>, ApiError> {
        let Some(mut known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(next) = known.next.clone() else {
            let message =
                format!("no migration of the collection {collection:?} is running: there is nothing to cancel");
            return Err(ApiError::not_found("no_migration", message).param("collection"));
        };
        // Keep the chunks that the collection is searched with.
        let is_searched = known.searched.as_ref().is_some_and(|searched| searched.id == next.id);
        if !is_searched && self.delete_some(tenant, collection, Chunks::Of(next.id)).await? {
            return Ok(Some(Progress::at(MigrationState::Clearing, known)));
        }
        self.store.end_migration(tenant, collection, next.id).await?;
        (known.next, known.missing) = (None, 0);
        Ok(Some(Progress::at(MigrationState::None, known)))
    }

    /// Deletes some of other models' chunks after a switch.
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

    /// Deletes a bounded number of chunks; true if some may be left.
    async fn delete_some(&self, tenant: &TenantId, collection: &str, which: Chunks) -> Result<bool, ApiError> {
        for _ in 0..limits::MIGRATE_SLICES {
            if self.store.delete_chunks(tenant, collection, which, limits::MIGRATE_DELETED).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The model that workers have under this name. A worker is asked, since only the file tells the version.
    async fn model_of_workers(&self, tenant: &TenantId, name: &str) -> Result<EmbeddingModel, ApiError> {
        let name = match self.models.find(&Embed::KIND, Some(name)).await? {
            Some(name) => name,
            None => self.models.default_name(&Embed::KIND).await,
        };
        let name = name.as_str();
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
            let message =
                "the embed workers are older than this gateway and do not report their model's version: upgrade them";
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
        "the collection {collection:?} is being migrated to {which}: finish that (`ruche embed migrate --to {name}`) or cancel it \
         (`ruche embed migrate --cancel`) first"
    );
    ApiError::conflict("migration_under_way", message).param("model")
}
