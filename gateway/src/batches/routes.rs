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

/// A batch to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBatch {
    /// The job to start when it is closed and all its jobs have ended. Its result to draw from is
    /// `{"batch", "total", "done", "failed", "cancelled"}`.
    #[schema(schema_with = template)]
    callback: Option<Template>,
}

fn template() -> Ref {
    Ref::from_schema_name("Template")
}

/// A batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// Its id.
    pub id: Uuid,
    /// `job_batch`: OpenAI's `batch` is another thing.
    pub object: &'static str,
    /// `open` (jobs may be added), `running` or `complete`.
    pub state: &'static str,
    /// How its jobs are.
    pub counts: BatchCounts,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the last of its jobs ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The job that its end starts.
    pub callback_job: Option<Uuid>,
}

/// How the jobs of a batch are.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchCounts {
    /// All, so far.
    pub total: u64,
    /// Ended well.
    pub done: u64,
    /// Ended badly.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Not ended.
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
    /// How many: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// Begin a batch
///
/// It is open: add jobs with `POST /v1/jobs?batch=` and NDJSON, then close it. One without a callback is `{}`.
#[utoipa::path(post, path = "/v1/job-batches", tag = "batches", security(("bearer" = [])), request_body = NewBatch,
    responses(
        (status = 201, description = "The batch", body = BatchView),
        (status = "4XX", description = "The callback is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
/// A page of them, the newest first.
#[utoipa::path(get, path = "/v1/job-batches", tag = "batches", security(("bearer" = [])), params(BatchesQuery),
    responses(
        (status = 200, description = "A page", body = BatchList),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
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
/// With its counts.
#[utoipa::path(get, path = "/v1/job-batches/{batch}", tag = "batches", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch", body = BatchView),
        (status = 404, description = "There is no such batch, or it is somebody else's", body = ErrorBody),
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
/// No job can be added any more. It is complete, and its callback starts, when all its jobs have ended. Again is safe.
#[utoipa::path(post, path = "/v1/job-batches/{batch}/close", tag = "batches", security(("bearer" = [])),
    params(("batch" = Uuid, Path, description = "The batch's id")),
    responses(
        (status = 200, description = "The batch", body = BatchView),
        (status = 404, description = "There is no such batch, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now: again is always safe", body = ErrorBody),
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
/// Server-sent events as those of a job: `accepted`, and `done` with the counts when all its jobs have ended.
#[utoipa::path(get, path = "/v1/job-batches/{batch}/events", tag = "batches", security(("bearer" = [])),
    params(
        ("batch" = Uuid, Path, description = "The batch's id"), EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `n` of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 204, description = "The batch is complete and all its events were received"),
        (status = 404, description = "There is no such batch, or it is somebody else's", body = ErrorBody),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
