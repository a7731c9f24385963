//! Jobs that have not ended, as their queues have them, and how one of them is called off.

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use ruche_bus::{Logged, Queued};
use ruche_schemas::{Envelope, EventType, JobRef, Kind, Lane, TenantId, event, flow::Origin};
use serde_json::Value;
use uuid::Uuid;

use super::routes::get_job::{JobView, of_event};
use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
    ports::EndedJob,
};

/// A job that has not ended.
#[derive(Debug)]
pub struct Waiting {
    /// Its position in its queue.
    pub sequence: u64,
    /// Which job.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it is due, if that is later.
    pub run_at: Option<DateTime<Utc>>,
    /// Where it comes from.
    pub origin: Option<Origin>,
    /// Its batch.
    pub batch: Option<Uuid>,
    /// The last event of its log.
    pub last: Option<Logged>,
}

impl Waiting {
    fn new(queued: Queued) -> Self {
        // What is no envelope was published past us: the queue still knows whose it is.
        let envelope = serde_json::from_slice::<Envelope<Value>>(&queued.payload).ok();
        let member = envelope.as_ref().and_then(|envelope| envelope.member.as_ref());
        Self {
            sequence: queued.sequence,
            kind: queued.kind,
            lane: queued.lane,
            created_at: envelope.as_ref().map_or(queued.published_at, |envelope| envelope.created_at),
            run_at: queued.run_at,
            origin: envelope.as_ref().and_then(|envelope| envelope.origin),
            batch: member.filter(|member| member.of.is_none()).map(|member| member.group),
            job: queued.job,
            last: None,
        }
    }

    /// Whether its last event says that it has ended: its worker has not settled it yet.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.record.event.is_final())
    }

    /// The job as it is shown.
    #[must_use]
    pub fn view(&self, now: DateTime<Utc>) -> JobView {
        let Self { lane, run_at, origin, batch, .. } = *self;
        let known = event::Accepted { lane, run_at, origin, batch, ..event::Accepted::default() };
        let mut view = of_event(&self.job, self.last.as_ref().map(|last| last.record.clone()), Some(known), now);
        view.kind = self.kind.to_string();
        view.created_at = Some(self.created_at);
        view
    }
}

impl App {
    /// The tenant's jobs of a kind that have not ended, after this position, with their last events; those of one
    /// batch, where one is named. Also how many were looked at, and the last position.
    ///
    /// # Errors
    /// 503.
    pub async fn waiting(
        &self,
        tenant: &TenantId,
        kind: &Kind,
        batch: Option<Uuid>,
        after: u64,
    ) -> Result<(Vec<Waiting>, usize, u64), ApiError> {
        let page = self.bus.queued(kind, tenant, after, limits::SCAN_PAGE).await?;
        let (looked, last) = (page.len(), page.last().map_or(after, |queued| queued.sequence));
        let mine = page.into_iter().map(Waiting::new).filter(|job| batch.is_none_or(|batch| job.batch == Some(batch)));
        let told = stream::iter(mine.map(|job| async move {
            let last = self.bus.last(&job.job).await?;
            Ok::<_, ApiError>(Waiting { last, ..job })
        }));
        let jobs: Vec<Result<Waiting, ApiError>> = told.buffered(limits::ACT_AT_ONCE).collect().await;
        let jobs = jobs.into_iter().filter(|job| !matches!(job, Ok(job) if job.has_ended()));
        Ok((jobs.collect::<Result<_, _>>()?, looked, last))
    }

    /// Cancels a job that runs or waits: its worker stops, or the one that gets it does not begin.
    ///
    /// # Errors
    /// 503: again is always safe.
    pub(crate) async fn call_off(&self, job: &JobRef) -> Result<(), ApiError> {
        Ok(self.bus.cancel(job).await?)
    }

    /// Cancels a job that is not due yet. No worker would see it before its time, so it ends here: first its row, which
    /// is what counts should it become due just now, then its message, then its log.
    ///
    /// # Errors
    /// 503: again is always safe.
    pub(crate) async fn call_off_early(&self, view: &JobView, tenant: &TenantId) -> Result<(), ApiError> {
        let job = JobRef { tenant: tenant.clone(), id: ruche_schemas::JobId(view.id) };
        let kind = self.descriptor(&view.kind)?.kind.clone();
        self.bus.cancel(&job).await?;
        let now = Utc::now();
        let row = EndedJob {
            job: job.clone(),
            kind: kind.clone(),
            lane: view.lane.and_then(|lane| lane.parse().ok()).unwrap_or_default(),
            attempt: 1,
            state: EventType::Cancelled,
            data: Value::Null,
            claim: None,
            // Its message, which would say so, is not at hand: looking for objects later costs less.
            objects: self.claims.objects().is_some(),
            created_at: view.created_at.unwrap_or(view.updated_at),
            ended_at: now,
            trace_id: None,
            root: view.root.map(ruche_schemas::JobId),
            parent: view.parent.map(ruche_schemas::JobId),
            group: view.batch,
            children: Vec::new(),
        };
        let counted: Option<crate::ports::Batch> = self.store.put_cancelled(&row).await?;
        self.bus.unpublish(&kind, &job).await?;
        self.say(&job, &kind, EventType::Cancelled, 0, now, Value::Null).await?;
        match counted {
            Some(batch) => self.batch_ended(&batch).await,
            None => Ok(()),
        }
    }
}
