//! Collections from one embedding model to another, while they are searched.
//!
//! Both models live until the switch: searches go by the old one, and each document is embedded anew by a job of the kind
//! `embed`. Nobody keeps a list of what is to be done: a document is done once it has chunks of the new model. So it can be
//! interrupted anywhere and goes on from what is there, documents that come or change meanwhile included. Each request takes
//! a step: it looks which documents are missing, sends a bounded number of jobs on their way, and switches once none is.
//!
//! **No job twice.** A job's id follows from the document, from what wrote it last and from the model, so whoever asks again
//! finds the job that there is. One that has failed is sent again where that is asked for, under another id.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use ruche_schemas::{
    EventType, Failure, Job as _, JobId, JobRef, Lane, TenantId,
    failure::codes,
    jobs::embed::{Embed, Indexed},
};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    App,
    error::ApiError,
    limits,
    ports::{
        EndedJob,
        migrations::{Chunks, Migration, Missing, Model},
    },
    submit::Submission,
};

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

/// How things stand with a document that is missing.
#[derive(Debug)]
enum Standing {
    /// A job is to be sent, after so many others.
    Open(u32),
    /// A job is on its way.
    UnderWay,
    /// Its last job has failed.
    Failed(Failed),
}

/// What a step goes by.
struct Step<'a> {
    app: &'a App,
    tenant: &'a TenantId,
    collection: &'a str,
    model: &'a Model,
    /// Whether failed documents are tried again.
    retry: bool,
    /// Whether jobs are sent at all.
    sends: bool,
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

impl Step<'_> {
    /// Looks at documents that are missing until enough jobs are under way, and sends those that are to be sent.
    async fn look(&self, known: Migration) -> Result<Progress, ApiError> {
        let mut progress = Progress::at(State::Embedding, known);
        let (mut after, mut looked, mut open) = (String::new(), 0, 0);
        while looked < limits::MIGRATE_SCAN && progress.queued < limits::MIGRATE_JOBS {
            let page = self.missing(&after).await?;
            let Some(next) = page.last().map(|last| last.source.clone()) else { break };
            looked += page.len();
            let is_last = page.len() < limits::MIGRATE_PAGE;
            let standings = self.standings(page).await?;
            let standings = self.without_done(standings, &after).await?;
            after = next;
            for (missing, standing) in standings {
                match standing {
                    Standing::UnderWay => progress.queued += 1,
                    Standing::Failed(failed) => {
                        progress.failed += 1;
                        progress.failures.push(failed);
                    }
                    Standing::Open(_) if !self.sends || progress.queued >= limits::MIGRATE_JOBS => open += 1,
                    Standing::Open(time) => match Box::pin(self.send(&missing, time)).await {
                        Ok(()) => progress.queued += 1,
                        // A cap of the tenant: the rest has its turn later.
                        Err(error) if error.status() == 429 && progress.queued > 0 => open += 1,
                        Err(error) => return Err(error),
                    },
                }
            }
            progress.failures.truncate(limits::MIGRATE_FAILURES);
            // Whoever only looks has seen that there is something to be done.
            if is_last || (!self.sends && open > 0) {
                break;
            }
        }
        if progress.queued == 0 && open == 0 && progress.failed > 0 {
            progress.state = State::Blocked;
        }
        Ok(progress)
    }

    /// The documents that are missing, a page after this source.
    async fn missing(&self, after: &str) -> Result<Vec<Missing>, ApiError> {
        let (id, limit) = (self.model.id, limits::MIGRATE_PAGE as u64);
        Ok(self.app.store.missing(self.tenant, self.collection, id, after, limit).await?)
    }

    /// Those that are still missing: a job that was done since the page was read is no reason for another one.
    async fn without_done(
        &self,
        mut page: Vec<(Missing, Standing)>,
        after: &str,
    ) -> Result<Vec<(Missing, Standing)>, ApiError> {
        let is_again = |standing: &Standing| matches!(standing, Standing::Open(1..));
        if page.iter().any(|(_, standing)| is_again(standing)) {
            let still = self.missing(after).await?;
            page.retain(|(missing, standing)| !is_again(standing) || still.contains(missing));
        }
        Ok(page)
    }

    /// How things stand with each of these documents.
    async fn standings(&self, page: Vec<Missing>) -> Result<Vec<(Missing, Standing)>, ApiError> {
        let mut all: Vec<(Missing, Option<Standing>)> = page.into_iter().map(|missing| (missing, None)).collect();
        let mut before: HashMap<usize, Failed> = HashMap::new();
        for time in 0..=limits::MIGRATE_TRIES {
            let asked: Vec<usize> =
                (0..all.len()).filter(|at| all.get(*at).is_some_and(|(_, one)| one.is_none())).collect();
            if asked.is_empty() {
                break;
            }
            let ids: Vec<JobId> =
                asked.iter().filter_map(|at| all.get(*at)).map(|(missing, _)| self.id(missing, time)).collect();
            let ended = self.ended(&ids).await?;
            let under_way = self.under_way(&ids, &ended).await?;
            for (at, id) in asked.into_iter().zip(ids) {
                let Some((missing, standing)) = all.get_mut(at) else { continue };
                match (ended.get(&id), before.remove(&at)) {
                    (Some(job), earlier) => match self.failed(missing, job, time) {
                        Some(failed) => drop(before.insert(at, failed)),
                        None => drop(earlier),
                    },
                    (None, _) if under_way.contains(&id) => *standing = Some(Standing::UnderWay),
                    (None, Some(failed)) if !self.retry => *standing = Some(Standing::Failed(failed)),
                    (None, _) => *standing = Some(Standing::Open(time)),
                }
            }
        }
        let known = all.into_iter().enumerate().map(|(at, (missing, standing))| {
            let standing = standing.or_else(|| before.remove(&at).map(Standing::Failed));
            (missing, standing.unwrap_or(Standing::UnderWay))
        });
        Ok(known.collect())
    }

    /// The rows of those jobs that have ended.
    async fn ended(&self, ids: &[JobId]) -> Result<HashMap<JobId, EndedJob>, ApiError> {
        let family = self.app.store.family(self.tenant, ids, ids.len() as u64).await?;
        Ok(family.into_iter().map(|job| (job.job.id, job)).collect())
    }

    /// Those that have a log and no row.
    async fn under_way(&self, ids: &[JobId], ended: &HashMap<JobId, EndedJob>) -> Result<Vec<JobId>, ApiError> {
        let asked: Vec<JobId> = ids.iter().filter(|id| !ended.contains_key(id)).copied().collect();
        let last = |id| {
            let (bus, job) = (Arc::clone(&self.app.bus), JobRef { tenant: self.tenant.clone(), id });
            async move { bus.last(&job).await.map(|last| last.map(|_| id)) }
        };
        let known: Vec<Option<JobId>> =
            stream::iter(asked).map(last).buffered(limits::ACT_AT_ONCE).try_collect().await?;
        Ok(known.into_iter().flatten().collect())
    }

    /// Why an ended job did not do what it was for; `None` where it is simply to be done again.
    fn failed(&self, missing: &Missing, job: &EndedJob, time: u32) -> Option<Failed> {
        let failure = match job.state {
            EventType::Done => {
                let version = serde_json::from_value::<Indexed>(job.data.clone()).ok().and_then(|told| told.version);
                if version.is_some_and(|version| version != self.model.version) {
                    let message = format!(
                        "a worker embedded it that has another file under the name {:?}: give all the same one, then run the \
                         migration again",
                        self.model.name
                    );
                    Failure::new("model_differs", message)
                } else if time == limits::MIGRATE_TRIES {
                    Failure::new(codes::ATTEMPTS, format!("it was embedded {time} times, and nothing of it is there"))
                } else {
                    // What it wrote was deleted: by a migration that was cancelled, or since the collection went back.
                    return None;
                }
            }
            EventType::Cancelled => Failure::new("job_cancelled", "its job was cancelled"),
            _ => read_failure(&job.data),
        };
        Some(Failed { missing: missing.clone(), job: job.job.id, failure })
    }

    fn key(&self, missing: &Missing, time: u32) -> String {
        format!("migrate {} {} {} {time}", missing.document, missing.job, self.model.id)
    }

    fn id(&self, missing: &Missing, time: u32) -> JobId {
        JobId::from_idempotency_key(self.tenant, &Embed::KIND, &self.key(missing, time))
    }

    async fn send(&self, missing: &Missing, time: u32) -> Result<(), ApiError> {
        let (stored, model) = (Some(missing.document), Some(self.model.name.clone()));
        let embed = Embed { stored, model, ..Embed::default() };
        let descriptor = self.app.descriptor(Embed::KIND.as_str())?;
        let body = serde_json::value::to_raw_value(&embed).map_err(|_| ApiError::internal())?;
        let key = self.key(missing, time);
        let mut submission = Submission::new(self.tenant, Lane::Bulk, Some(&key));
        submission.options.patient = true;
        Box::pin(self.app.publish(descriptor, None, &body, submission)).await.map(drop)
    }
}

fn read_failure(data: &Value) -> Failure {
    let unreadable = |_| Failure::new("failed", "its job failed; the worker's log has the cause");
    serde_json::from_value(data.clone()).unwrap_or_else(unreadable)
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
