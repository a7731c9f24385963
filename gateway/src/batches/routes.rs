//! `/v1/job-batches`: jobs that are counted together, with a callback when all have ended.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::{DateTime, Utc};
use ruche_schemas::{
    EventType, Record,
    flow::{self, Template},
};
use ruche_store::groups::Batch;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema, openapi::Ref};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        params::{Path, Query, cut, page_limit},
        state::HttpState,
    },
    jobs::{
        batch,
        follow::{EventsQuery, Follow},
        service::Jobs,
    },
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Jobs>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(create_batch, list_batches))
        .routes(routes!(get_batch))
        .routes(routes!(close_batch))
        .routes(routes!(batch_events))
}

/// Request to open a batch.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatch {
    /// The job to start when it is closed and all its jobs have ended. Its result to draw from is
    /// `{"batch", "total", "done", "failed", "cancelled"}`.
    #[schema(schema_with = template)]
    callback: Option<Template>,
}

/// `openapi::fields` adds that it may be `null`, and the description.
fn template() -> Ref {
    Ref::from_schema_name("Template")
}

/// A batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// Its id.
    pub id: Uuid,
    /// `job_batch`, which differs from OpenAI's `batch`.
    pub object: &'static str,
    /// `open` (jobs may be added), `running` or `complete`.
    pub state: &'static str,
    /// The number of its jobs, by state.
    pub counts: BatchCounts,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// When the last of its jobs ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The job that starts when the batch is complete.
    pub callback_job: Option<Uuid>,
}

/// The number of jobs in a batch, by state.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchCounts {
    /// Jobs added so far.
    pub total: u64,
    /// Jobs that succeeded.
    pub done: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Jobs that have not ended.
    pub pending: u64,
}

impl From<Batch> for BatchView {
    fn from(batch: Batch) -> Self {
        let Batch { id, total, done, failed, cancelled, created_at, ended_at, .. } = batch;
        let pending = total.saturating_sub(done + failed + cancelled);
        let state = match (batch.closed, batch.is_complete()) {
            (false, _) => "open",
            (true, false) => "running",
            (true, true) => "complete",
        };
        let counts = BatchCounts { total, done, failed, cancelled, pending };
        let callback_job = batch.callback.as_ref().map(|_| flow::callback_id(id).0);
        Self { id, object: "job_batch", state, counts, created_at, ended_at, callback_job }
    }
}

/// A page of batches, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchList {
    /// `list`.
    pub object: &'static str,
    /// The batches.
    pub data: Vec<BatchView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<Uuid>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BatchesQuery {
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<Uuid>,
}

/// Open a batch
///
/// Opens a batch. Add jobs with `POST /v1/jobs?batch=` and NDJSON, then close the batch. Without a callback, send `{}`.
#[utoipa::path(post, path = "/v1/job-batches", tag = "batches", security(("bearer" = [])), request_body = NewBatch,
    responses(
        (status = 201, description = "The batch", body = BatchView),
        (status = "4XX", description = "The callback is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn create_batch(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<BatchView>), ApiError> {
    let NewBatch { callback } = parse(&text)?;
    let batch = Box::pin(jobs.batches.begin(&caller.tenant, callback)).await?;
    Ok((StatusCode::CREATED, Json(batch.into())))
}

/// List batches
///
/// Returns a page of batches, the newest first.
#[utoipa::path(get, path = "/v1/job-batches", tag = "batches", security(("bearer" = [])), params(BatchesQuery),
    responses(
        (status = 200, description = "A page of the list", body = BatchList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn list_batches(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Query(BatchesQuery { limit, after }): Query<BatchesQuery>,
) -> Result<Json<BatchList>, ApiError> {
    let asked = page_limit(limit)?;
    let found = jobs.batches.page(&caller.tenant, asked as u64 + 1, after).await?;
    let mut page = found.ok_or_else(|| batch::unknown(&after.unwrap_or_default().to_string()).param("after"))?;
    let has_more = cut(&mut page, asked);
    let next = page.last().map(|batch| batch.id).filter(|_| has_more);
    Ok(Json(BatchList { object: "list", data: page.into_iter().map(BatchView::from).collect(), has_more, next }))
}

/// Get a batch
///
/// Returns the batch with its counts.
#[utoipa::path(get, path = "/v1/job-batches/{batch}", tag = "batches", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch", body = BatchView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn get_batch(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BatchView>, ApiError> {
    jobs.batches.find(&caller.tenant, &id).await.map(|batch| Json(batch.into()))
}

/// Close a batch
///
/// No more jobs can be added. When all jobs have ended, the batch is complete and its callback starts. The request can
/// be repeated safely.
#[utoipa::path(post, path = "/v1/job-batches/{batch}/close", tag = "batches", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch", body = BatchView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
    )
)]
async fn close_batch(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BatchView>, ApiError> {
    let batch = id.parse().map_err(|_| batch::unknown(&id))?;
    Box::pin(jobs.batches.close(&caller.tenant, batch)).await.map(|batch| Json(batch.into()))
}

/// Follow a batch
///
/// Returns the batch's events as server-sent events: `accepted`, and `done` with the counts when all jobs have ended.
#[utoipa::path(get, path = "/v1/job-batches/{batch}/events", tag = "batches", security(("bearer" = [])),
    params(
        ("batch" = Uuid, Path, description = "The batch's id"), EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `n` of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 204, description = "The batch is complete and all its events were received"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn batch_events(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let batch = jobs.batches.find(&caller.tenant, &id).await?;
    let from = query.first(&headers)?;
    let log = batch::log(&caller.tenant, batch.id);
    if let Some(found) = jobs.follower.log(log.clone(), from).await? {
        return Ok(jobs.follower.respond(found));
    }
    // Without a log, the last event comes from the row, now or once it has ended.
    let found = match batch.ended_at {
        Some(at) if batch.is_complete() => {
            let (kind, data) = (flow::BATCH, json!(batch::counts(&batch)));
            Follow::Last(Box::new(Record { n: from, event: EventType::Done, kind, attempt: 0, at, data, claim: None }))
        }
        _ => jobs.follower.wait(log, from).await?,
    };
    Ok(jobs.follower.respond(found))
}
