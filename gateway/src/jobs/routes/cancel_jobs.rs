//! `POST /v1/jobs/cancel`: cancels all jobs that match, whether they run, wait or are scheduled.

use std::sync::Arc;

use axum::{Json, extract::State};
use futures::{StreamExt, TryStreamExt, stream};
use ruche_schemas::{JobRef, clock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::list_jobs::Wanted;
use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        limits,
    },
    jobs::{service::Jobs, view::JobView},
};

/// Which jobs to cancel: at least one of `kind`, `state` and `batch`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelJobs {
    /// Of this kind.
    kind: Option<String>,
    /// `queued`, `scheduled`, `running`, `retrying`, or `active` for all of them.
    state: Option<String>,
    /// Of this batch.
    batch: Option<Uuid>,
    /// Whether only to count them.
    #[serde(default)]
    dry_run: bool,
}

/// How many jobs were cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledJobs {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many of them were asked to be cancelled: none in a dry run.
    pub cancelled: usize,
}

/// Cancel jobs
///
/// All that match and have not ended.
#[utoipa::path(post, path = "/v1/jobs/cancel", tag = "jobs", security(("bearer" = [])), request_body = CancelJobs,
    responses(
        (status = 200, description = "How many", body = CancelledJobs),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now: some may be cancelled; again is always safe", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_jobs(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<CancelledJobs>, ApiError> {
    let CancelJobs { kind, state, batch, dry_run } = parse(&text)?;
    if kind.is_none() && state.is_none() && batch.is_none() {
        let message = "say which: `kind`, `state` or `batch`; {\"state\":\"active\"} is all";
        return Err(ApiError::invalid("state", message));
    }
    let wanted = Wanted::new(&jobs.kinds, kind.as_deref(), state.as_deref(), batch)?;
    let (mut matched, mut cancelled) = (0, 0);
    for kind in &wanted.kinds {
        let mut after = 0;
        while matched < limits::ACT {
            let page = jobs.unended.page(&caller.tenant, kind, batch, after).await?;
            let now = clock::now();
            let found = page.jobs.into_iter().map(|job| (job.view(now), job.job));
            let found: Vec<(JobView, JobRef)> = found.filter(|(view, _)| wanted.has(view)).collect();
            matched += found.len();
            if !dry_run {
                cancelled += found.len();
                let calls = found.iter().map(|(view, job)| jobs.canceller.cancel(view, job));
                let calls = stream::iter(calls.collect::<Vec<_>>()).buffer_unordered(limits::ACT_AT_ONCE);
                calls.try_collect::<()>().await?;
            }
            after = page.last;
            if page.looked < limits::SCAN_PAGE {
                break;
            }
        }
    }
    Ok(Json(CancelledJobs { matched, cancelled }))
}
