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
        text::{either, shown},
    },
    jobs::{service::Jobs, view::JobView},
};

/// The states of jobs that have not ended, and all of them.
const CANCELLABLE: [&str; 5] = ["active", "queued", "scheduled", "running", "retrying"];

/// The jobs to cancel: at least one of `kind`, `state` and `batch`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelJobs {
    /// Only jobs of this kind.
    kind: Option<String>,
    /// `queued`, `scheduled`, `running`, `retrying`, or `active` for all of them.
    state: Option<String>,
    /// Only jobs of this batch.
    batch: Option<Uuid>,
    /// Whether to count matches without changing anything. Default: false.
    #[serde(default)]
    dry_run: bool,
}

/// How many jobs were cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledJobs {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many cancellations were requested; 0 in a dry run.
    pub cancelled: usize,
}

/// Cancel jobs
///
/// Cancels all active jobs that match.
#[utoipa::path(post, path = "/v1/jobs/cancel", tag = "jobs", security(("bearer" = [])), request_body = CancelJobs,
    responses(
        (status = 200, description = "The counts", body = CancelledJobs),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; some may be cancelled already; the request can be repeated safely", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_jobs(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<CancelledJobs>, ApiError> {
    let CancelJobs { kind, state, batch, dry_run } = parse(&text)?;
    if kind.is_none() && state.is_none() && batch.is_none() {
        let message = "at least one of `kind`, `state` and `batch` is needed; {\"state\": \"active\"} matches all jobs that have not ended";
        return Err(ApiError::invalid("state", message));
    }
    if let Some(state) = state.as_deref().filter(|state| !CANCELLABLE.contains(state)) {
        let message = format!("{:?} is not allowed: use {}", shown(state), either(&CANCELLABLE));
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
