//! Jobs that have not ended, from their queues.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use ruche_bus::{Bus, Logged, Queued};
use ruche_schemas::{Envelope, JobRef, Kind, Lane, TenantId, event, flow::Origin};
use serde_json::Value;
use uuid::Uuid;

use super::view::{JobView, of_event};
use crate::http::{error::ApiError, limits};

#[derive(Clone)]
pub struct Unended(pub(super) Arc<dyn Bus>);

/// The jobs of a queue that have not ended.
#[derive(Debug)]
pub struct Page {
    pub jobs: Vec<UnendedJob>,
    /// How many jobs of the queue were scanned.
    pub looked: usize,
    /// The position of the last of them.
    pub last: u64,
}

#[derive(Debug)]
pub struct UnendedJob {
    /// Its position in its queue.
    pub sequence: u64,
    pub job: JobRef,
    kind: Kind,
    lane: Lane,
    created_at: DateTime<Utc>,
    run_at: Option<DateTime<Utc>>,
    origin: Option<Origin>,
    batch: Option<Uuid>,
    last: Option<Logged>,
}

impl UnendedJob {
    fn new(queued: Queued) -> Self {
        // A message that is no envelope is not ours, but its subject still has the tenant.
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

    /// Whether its last event is an end that its worker has not settled yet.
    fn has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.record.event.is_final())
    }

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

impl Unended {
    /// A page of the tenant's jobs of a kind, after this position, with their last events; of one batch, if given.
    ///
    /// # Errors
    /// 503.
    pub async fn page(
        &self,
        tenant: &TenantId,
        kind: &Kind,
        batch: Option<Uuid>,
        after: u64,
    ) -> Result<Page, ApiError> {
        let page = self.0.queued(kind, tenant, after, limits::SCAN_PAGE).await?;
        let (looked, last) = (page.len(), page.last().map_or(after, |queued| queued.sequence));
        let wanted = |job: &UnendedJob| batch.is_none_or(|batch| job.batch == Some(batch));
        let mine = page.into_iter().map(UnendedJob::new).filter(wanted);
        let with_last = stream::iter(mine.map(|job| async move {
            let last = self.0.last(&job.job).await?;
            Ok::<_, ApiError>(UnendedJob { last, ..job })
        }));
        let jobs: Vec<Result<UnendedJob, ApiError>> = with_last.buffered(limits::ACT_AT_ONCE).collect().await;
        let jobs = jobs.into_iter().filter(|job| !matches!(job, Ok(job) if job.has_ended()));
        Ok(Page { jobs: jobs.collect::<Result<_, _>>()?, looked, last })
    }
}
