//! `/v1/dead`: jobs that are not tried again: inspect, edit and replay, or drop.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, Request, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use ruche_bus::StoredDeadLetter;
use ruche_schemas::{Claim, Envelope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        json::{JobText, parse},
        limits,
        params::{Path, Query, page_limit, position},
        state::HttpState,
    },
    jobs::{
        accepted::{self, AcceptedJob},
        failure::DeadReason,
    },
    ops::dead_letters::DeadLetters,
};

/// A dead letter: a job that is not tried again.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadView {
    /// The job.
    pub job: Uuid,
    /// `dead_letter`.
    pub object: &'static str,
    /// The tenant.
    pub tenant: String,
    /// Its kind.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Why it became a dead letter.
    pub error: DeadReason,
    /// The number of attempts.
    pub attempts: u32,
    /// The time when it became a dead letter.
    pub at: DateTime<Utc>,
    /// The W3C trace id of its last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The job's body; `null` if the stored message is not a valid job. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// Where the body is stored, if it is too large for a message. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub claim: Option<Claim>,
    /// The stored message as text. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

impl DeadView {
    fn new(StoredDeadLetter { letter, .. }: StoredDeadLetter, whole: bool) -> Self {
        let envelope = |payload: &str| serde_json::from_str::<Envelope<Value>>(payload).ok();
        let (body, claim) = match whole.then(|| envelope(&letter.payload)) {
            None => (None, None),
            Some(envelope) => envelope.map_or((Some(Value::Null), None), |job| (Some(job.body), job.claim)),
        };
        Self {
            job: letter.job.id.0,
            object: "dead_letter",
            tenant: letter.job.tenant.to_string(),
            kind: letter.kind.to_string(),
            lane: letter.lane.to_string(),
            error: letter.failure.into(),
            attempts: letter.attempts,
            at: letter.at,
            trace_id: letter.trace_id,
            body,
            claim,
            payload: whole.then_some(letter.payload),
        }
    }
}

/// A page of dead letters, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadList {
    /// `list`.
    pub object: &'static str,
    /// The letters.
    pub data: Vec<DeadView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// Which dead letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeadQuery {
    /// Only jobs of this kind.
    kind: Option<String>,
    /// Only dead letters with this error code, such as `attempts_exhausted`.
    code: Option<String>,
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<u64>,
}

/// Request to replay a dead letter. A mistyped name is refused: the dead letter would be replayed unchanged, and deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayOne {
    /// A new body, in place of the one that failed.
    #[schema(value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<DeadLetters>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_dead)).routes(routes!(get_dead, drop_dead)).routes(routes!(replay_dead))
}

/// List dead letters
///
/// Returns a page of dead letters, the oldest first.
#[utoipa::path(get, path = "/v1/dead", tag = "dead letters", security(("bearer" = [])), params(DeadQuery),
    responses(
        (status = 200, description = "A page of the list", body = DeadList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn list_dead(
    State(letters): State<Arc<DeadLetters>>,
    caller: Caller,
    Query(query): Query<DeadQuery>,
) -> Result<Json<DeadList>, ApiError> {
    let limit = page_limit(query.limit)?;
    let search = letters.search(&caller.tenant, query.kind.as_deref(), query.code)?;
    let (mut data, mut after, mut seen) = (Vec::new(), position("after", query.after.unwrap_or(0))?, 0);
    let next = 'scan: loop {
        let page = letters.page(&search, after).await?;
        for stored in page.letters {
            if data.len() == limit {
                break 'scan Some(after);
            }
            after = stored.sequence;
            data.push(DeadView::new(stored, false));
        }
        (after, seen) = (page.last, seen + page.looked);
        if page.looked < limits::SCAN_PAGE {
            break None;
        }
        if seen >= limits::SCAN {
            break Some(after);
        }
    };
    Ok(Json(DeadList { object: "list", data, has_more: next.is_some(), next: next.map(|next| next.to_string()) }))
}

/// Get a dead letter
///
/// Returns the dead letter with its body.
#[utoipa::path(get, path = "/v1/dead/{job}", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The dead letter", body = DeadView),
        (status = 404, description = "No dead letter of this job in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn get_dead(
    State(letters): State<Arc<DeadLetters>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeadView>, ApiError> {
    let stored = letters.find(&caller.tenant, &id).await?;
    let mut view = DeadView::new(stored, true);
    if let Some(claim) = &view.claim {
        view.body = Some(letters.body(&caller.tenant, claim).await?);
    }
    Ok(Json(view))
}

/// Replay a dead letter
///
/// Submits the job as a new one, with another body if one is given, and deletes the dead letter: a second replay is a
/// 404. If the new body is not valid, the dead letter stays.
#[utoipa::path(post, path = "/v1/dead/{job}/replay", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")), request_body = ReplayOne,
    responses(
        (status = 202, description = "The new job", body = AcceptedJob),
        (status = 404, description = "No dead letter of this job in this tenant", body = ErrorBody),
        (status = 409, description = "The stored message is not a valid job: send a body", body = ErrorBody),
        (status = "4XX", description = "The body is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn replay_dead(
    State(letters): State<Arc<DeadLetters>>,
    bodies: Bodies,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let JobText { text, permit: _permit } = JobText::or_nothing(request, &bodies).await?;
    let ReplayOne { body } = parse(&text)?;
    let body = body.map(|body| parse::<Value>(body.get())).transpose()?;
    let stored = letters.find(&caller.tenant, &id).await?;
    Box::pin(letters.replay(&stored, body.as_ref())).await.map(accepted::answer)
}

/// Drop a dead letter
///
/// This can't be undone.
#[utoipa::path(delete, path = "/v1/dead/{job}", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The number of deleted dead letters", body = DeadView),
        (status = 404, description = "No dead letter of this job in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
async fn drop_dead(
    State(letters): State<Arc<DeadLetters>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeadView>, ApiError> {
    let stored = letters.find(&caller.tenant, &id).await?;
    letters.remove(&stored).await?;
    Ok(Json(DeadView::new(stored, true)))
}
