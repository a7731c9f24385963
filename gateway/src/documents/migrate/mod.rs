//! Collections from one embedding model to another, while they are searched.
//!
//! Both models live until the switch: searches go by the old one, and each document is embedded anew by a job of the kind
//! `embed`. Nobody keeps a list of what is to be done: a document is done once it has chunks of the new model. So it can be
//! interrupted anywhere and goes on from what is there, documents that come or change meanwhile included. Each request takes
//! a step: it looks which documents are missing, sends a bounded number of jobs on their way, and switches once none is.
//!
//! **No job twice.** A job's id follows from the document, from what wrote it last and from the model, so whoever asks again
//! finds the job that there is. One that has failed is sent again where that is asked for, under another id.
//!
//! - [`step`]: what is missing, and the jobs for that.

use ruche_schemas::{Failure, Job as _, JobId, TenantId, kinds::embed::Embed};
use tokio::time::timeout;

use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
    ports::migrations::{Chunks, Migration, Missing, Model},
};

mod step;

use step::Step;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// The model to go to.
    pub(crate) model: &'a str,
    /// Whether chunks of other models stay after the switch.
    pub(crate) keep_old: bool,
    /// Whether documents that have failed are tried again.
    pub(crate) retry: bool,
}

/// Where a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It goes to no other model.
    None,
    /// Its documents are being embedded anew.
    Embedding,
    /// All that is left has failed.
    Blocked,
    /// It was switched or called off, and chunks that nobody needs are left.
    Clearing,
    /// It was switched.
    Done,
}

/// How far a collection is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) state: State,
    pub(crate) migration: Migration,
    /// Jobs that are under way.
    pub(crate) queued: usize,
    /// Documents that have failed, as far as was looked.
    pub(crate) failed: usize,
    /// The first of them.
    pub(crate) failures: Vec<Failed>,
}

impl Progress {
    fn at(state: State, migration: Migration) -> Self {
        Self { state, migration, queued: 0, failed: 0, failures: Vec::new() }
    }
}

/// A document that could not be embedded anew.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) missing: Missing,
    /// The job that tried it last.
    pub(crate) job: JobId,
    /// Why.
    pub(crate) failure: Failure,
}

impl App {
    /// Takes the next step of a collection's way to a model.
    ///
    /// # Errors
    /// 404 for a collection or a model that there is not; 409 while it goes to another one; 503 where no worker has the
    /// model; as [`App::submit`].
    pub(crate) async fn migrate(
        &self,
        tenant: &TenantId,
        collection: &str,
        wish: Wish<'_>,
    ) -> Result<Option<Progress>, ApiError> {
        let Some(mut known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let model = self.model_of_workers(tenant, wish.model).await?;
        match &known.next {
            Some(next) if next.id != model.id => return Err(busy(collection, next, &model)),
            Some(_) => {}
            None if known.searched.as_ref().is_some_and(|searched| searched.id == model.id) => {
                return self.clear(tenant, collection, known, wish.keep_old).await.map(Some);
            }
            None => {
                if !self.store.begin_migration(tenant, collection, model.id).await? {
                    return Err(ApiError::conflict("migration_under_way", "somebody else has just begun another one"));
                }
                known = self.store.migration(tenant, collection).await?.unwrap_or(known);
            }
        }
        let step = Step { app: self, tenant, collection, model: &model, retry: wish.retry, sends: true };
        let progress = Box::pin(step.look(known)).await?;
        if progress.migration.missing == 0 && self.store.switch(tenant, collection, model.id).await? {
            let Some(known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
            return self.clear(tenant, collection, known, wish.keep_old).await.map(Some);
        }
        Ok(Some(progress))
    }

    /// How far a collection is; changes nothing. `None` where there is no such collection.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn migration(&self, tenant: &TenantId, collection: &str) -> Result<Option<Progress>, ApiError> {
        let Some(known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(model) = known.next.clone() else { return Ok(Some(Progress::at(State::None, known))) };
        let step = Step { app: self, tenant, collection, model: &model, retry: false, sends: false };
        Box::pin(step.look(known)).await.map(Some)
    }

    /// Lets a collection stay with the model that it has, and deletes some of what the other one made. To be called again
    /// while it is [`State::Clearing`].
    ///
    /// # Errors
    /// 404 where it goes to no other model; 503.
    pub(crate) async fn cancel_migration(
        &self,
        tenant: &TenantId,
        collection: &str,
    ) -> Result<Option<Progress>, ApiError> {
        let Some(mut known) = self.store.migration(tenant, collection).await? else { return Ok(None) };
        let Some(next) = known.next.clone() else {
            let message = format!("the collection {collection:?} goes to no other model: there is nothing to cancel");
            return Err(ApiError::not_found("no_migration", message).param("collection"));
        };
        // Chunks that it is searched with are not in the way, wherever they come from.
        let is_searched = known.searched.as_ref().is_some_and(|searched| searched.id == next.id);
        if !is_searched && self.delete_some(tenant, collection, Chunks::Of(next.id)).await? {
            return Ok(Some(Progress::at(State::Clearing, known)));
        }
        self.store.end_migration(tenant, collection, next.id).await?;
        (known.next, known.missing) = (None, 0);
        Ok(Some(Progress::at(State::None, known)))
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
            Some(id) if self.delete_some(tenant, collection, Chunks::NotOf(id)).await? => State::Clearing,
            _ => State::Done,
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
    async fn model_of_workers(&self, tenant: &TenantId, name: &str) -> Result<Model, ApiError> {
        self.models.check(&*self.bus, &Embed::KIND, name).await?;
        if !self.models.has(&*self.bus, &Embed::KIND, name).await? {
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
            Box::pin(timeout(limits::MODEL_ASKED, self.embed_to_know(tenant, name))).await.map_err(late)??;
        let Some(version) = embedded.version.filter(|version| !version.is_empty()) else {
            let message = "the embed workers are older than this gateway: they don't say which file they have";
            return Err(ApiError::unavailable("worker_outdated", message, 60));
        };
        Ok(self.store.model(name, &version, embedded.dimensions).await?)
    }
}

fn busy(collection: &str, next: &Model, wanted: &Model) -> ApiError {
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
