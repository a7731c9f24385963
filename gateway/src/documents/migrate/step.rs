//! One step: finds missing documents and their jobs, and submits those that are due.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use ruche_bus::Bus;
use ruche_schemas::{
    EventType, Failure, Job as _, JobId, JobRef, Lane, TenantId,
    failure::codes,
    kinds::embed::{Embed, Indexed},
};
use ruche_store::{
    Store,
    jobs::EndedJob,
    models::{EmbeddingModel, Migration, Missing},
};
use serde_json::Value;

use super::progress::{Failed, MigrationState, Progress};
use crate::{
    http::{error::ApiError, limits},
    jobs::{kinds::Kinds, publisher::Publisher, submission::Submission},
};

#[derive(Debug)]
enum Status {
    /// A job is to be submitted, after this many others.
    Open(u32),
    UnderWay,
    Failed(Failed),
}

pub(super) struct Steps {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) store: Arc<dyn Store>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) publisher: Arc<Publisher>,
}

pub(super) struct Step<'a> {
    pub(super) steps: &'a Steps,
    pub(super) tenant: &'a TenantId,
    pub(super) collection: &'a str,
    pub(super) model: &'a EmbeddingModel,
    pub(super) retry: bool,
    /// Whether jobs are submitted at all.
    pub(super) sends: bool,
}

impl Step<'_> {
    /// Checks missing documents until enough jobs are under way, and submits the open ones.
    pub(super) async fn look(&self, known: Migration) -> Result<Progress, ApiError> {
        let mut progress = Progress::at(MigrationState::Embedding, known);
        let (mut after, mut looked, mut open) = (String::new(), 0, 0);
        while looked < limits::MIGRATE_SCAN && progress.queued < limits::MIGRATE_JOBS {
            let page = self.missing(&after).await?;
            let Some(next) = page.last().map(|last| last.source.clone()) else { break };
            looked += page.len();
            let is_last = page.len() < limits::MIGRATE_PAGE;
            let statuses = self.statuses(page).await?;
            let statuses = self.without_done(statuses, &after).await?;
            after = next;
            for (missing, status) in statuses {
                match status {
                    Status::UnderWay => progress.queued += 1,
                    Status::Failed(failed) => {
                        progress.failed += 1;
                        progress.failures.push(failed);
                    }
                    Status::Open(_) if !self.sends || progress.queued >= limits::MIGRATE_JOBS => open += 1,
                    Status::Open(time) => match Box::pin(self.send(&missing, time)).await {
                        Ok(()) => progress.queued += 1,
                        // A cap of the tenant: the rest comes later.
                        Err(error) if error.status() == 429 && progress.queued > 0 => open += 1,
                        Err(error) => return Err(error),
                    },
                }
            }
            progress.failures.truncate(limits::MIGRATE_FAILURES);
            // A read-only request stops here.
            if is_last || (!self.sends && open > 0) {
                break;
            }
        }
        if progress.queued == 0 && open == 0 && progress.failed > 0 {
            progress.state = MigrationState::Blocked;
        }
        Ok(progress)
    }

    /// A page of missing documents, after this source.
    async fn missing(&self, after: &str) -> Result<Vec<Missing>, ApiError> {
        let (id, limit) = (self.model.id, limits::MIGRATE_PAGE as u64);
        Ok(self.steps.store.missing(self.tenant, self.collection, id, after, limit).await?)
    }

    /// Drops documents that a job has finished since the page was read.
    async fn without_done(
        &self,
        mut page: Vec<(Missing, Status)>,
        after: &str,
    ) -> Result<Vec<(Missing, Status)>, ApiError> {
        let is_again = |status: &Status| matches!(status, Status::Open(1..));
        if page.iter().any(|(_, status)| is_again(status)) {
            let still = self.missing(after).await?;
            page.retain(|(missing, status)| !is_again(status) || still.contains(missing));
        }
        Ok(page)
    }

    async fn statuses(&self, page: Vec<Missing>) -> Result<Vec<(Missing, Status)>, ApiError> {
        let mut all: Vec<(Missing, Option<Status>)> = page.into_iter().map(|missing| (missing, None)).collect();
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
                let Some((missing, status)) = all.get_mut(at) else { continue };
                match (ended.get(&id), before.remove(&at)) {
                    (Some(job), earlier) => match self.failed(missing, job, time) {
                        Some(failed) => drop(before.insert(at, failed)),
                        None => drop(earlier),
                    },
                    (None, _) if under_way.contains(&id) => *status = Some(Status::UnderWay),
                    (None, Some(failed)) if !self.retry => *status = Some(Status::Failed(failed)),
                    (None, _) => *status = Some(Status::Open(time)),
                }
            }
        }
        let known = all.into_iter().enumerate().map(|(at, (missing, status))| {
            let status = status.or_else(|| before.remove(&at).map(Status::Failed));
            (missing, status.unwrap_or(Status::UnderWay))
        });
        Ok(known.collect())
    }

    /// The rows of the jobs that have ended.
    async fn ended(&self, ids: &[JobId]) -> Result<HashMap<JobId, EndedJob>, ApiError> {
        let family = self.steps.store.family(self.tenant, ids, ids.len() as u64).await?;
        Ok(family.into_iter().map(|job| (job.job.id, job)).collect())
    }

    /// The jobs with a log and no row.
    async fn under_way(&self, ids: &[JobId], ended: &HashMap<JobId, EndedJob>) -> Result<Vec<JobId>, ApiError> {
        let asked: Vec<JobId> = ids.iter().filter(|id| !ended.contains_key(id)).copied().collect();
        let last = |id| {
            let (bus, job) = (Arc::clone(&self.steps.bus), JobRef { tenant: self.tenant.clone(), id });
            async move { bus.last(&job).await.map(|last| last.map(|_| id)) }
        };
        let known: Vec<Option<JobId>> =
            stream::iter(asked).map(last).buffered(limits::ACT_AT_ONCE).try_collect().await?;
        Ok(known.into_iter().flatten().collect())
    }

    /// Why an ended job left the document missing; `None` if it is to be done again.
    fn failed(&self, missing: &Missing, job: &EndedJob, time: u32) -> Option<Failed> {
        let failure = match job.state {
            EventType::Done => {
                let version =
                    serde_json::from_value::<Indexed>(job.data.clone()).ok().and_then(|indexed| indexed.version);
                if version.is_some_and(|version| version != self.model.version) {
                    let message = format!(
                        "workers have different files under the name {:?}: give all the same file, then run the migration \
                         again",
                        self.model.name
                    );
                    Failure::new("model_differs", message)
                } else if time == limits::MIGRATE_TRIES {
                    Failure::new(codes::ATTEMPTS, format!("it was embedded {time} times, but its chunks are missing"))
                } else {
                    // Its chunks were deleted: by a cancelled migration, or since the collection was switched back.
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
        let work = self.steps.kinds.work(&embed)?;
        let key = self.key(missing, time);
        let mut submission = Submission::new(self.tenant, Lane::Bulk, Some(&key));
        submission.options.patient = true;
        Box::pin(self.steps.publisher.submit(work, submission)).await.map(drop)
    }
}

fn read_failure(data: &Value) -> Failure {
    let unreadable = |_| Failure::new("failed", "its job failed; the worker's log has the cause");
    serde_json::from_value(data.clone()).unwrap_or_else(unreadable)
}
