//! `/v1/dead`: jobs that nobody will try again, to look at, to mend and to replay, or to drop.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use ruche_bus::{DeadFilter, StoredDeadLetter};
use ruche_schemas::{Claim, Envelope, Kind, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::jobs::routes::{get_job::reference, submit_job};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{self, JobText, JsonText, Path, Query, page_limit},
        error::{ApiError, ErrorBody},
        limits,
    },
};

/// A job that nobody will try again.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadView {
    /// The job.
    pub job: Uuid,
    /// `dead_letter`.
    pub object: &'static str,
    /// Whose it is.
    pub tenant: String,
    /// Its kind.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Why it is dead.
    pub error: DeadReason,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// The W3C trace id of its last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What was to be done; `null` where it is no job. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// Where the body is, when it is too large for a message. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub claim: Option<Claim>,
    /// All that was published, as text. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// Why a job is dead.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadReason {
    /// A stable name: `attempts_exhausted`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The field of the body that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
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
            error: DeadReason {
                code: letter.failure.code,
                message: letter.failure.message,
                param: letter.failure.param,
            },
            attempts: letter.attempts,
            at: letter.at,
            trace_id: letter.trace_id,
            body,
            claim,
            payload: whole.then_some(letter.payload),
        }
    }
}

impl App {
    /// A letter with its body, wherever that is. Where it can't be read any more, the letter is shown without.
    async fn shown(&self, buried: StoredDeadLetter) -> Result<DeadView, ApiError> {
        let tenant = buried.letter.job.tenant.clone();
        let mut view = DeadView::new(buried, true);
        if let Some(claim) = &view.claim {
            view.body = match self.claimed(&tenant, claim).await {
                Ok(body) => Some(body),
                Err(error) if error.status().is_server_error() && error.code_name() != Some("object_corrupt") => {
                    return Err(error);
                }
                Err(_) => Some(Value::Null),
            };
        }
        Ok(view)
    }
}

/// A page of dead letters, in the order in which they died.
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
pub(crate) struct DeadQuery {
    /// Of this kind.
    kind: Option<String>,
    /// That died of this: `attempts_exhausted`.
    code: Option<String>,
    /// How many: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// The `next` of the page before.
    after: Option<u64>,
}

/// Which dead letters to act on: `kind`, `code` or both, or `all`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadMany {
    /// Of this kind.
    kind: Option<String>,
    /// That died of this.
    code: Option<String>,
    /// All of them.
    #[serde(default)]
    all: bool,
    /// Whether only to count them.
    #[serde(default)]
    dry_run: bool,
}

/// What became of the dead letters that match.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many were replayed: none in a dry run; fewer than match where some are no jobs.
    pub replayed: usize,
}

/// What became of the dead letters that match.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dropped {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many were dropped: none in a dry run.
    pub dropped: usize,
}

/// How a dead letter is replayed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayOne {
    /// Another body, in place of the one that failed.
    #[schema(value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

/// Which letters are looked for.
struct Search {
    filter: DeadFilter,
    code: Option<String>,
}

impl Search {
    fn new(app: &App, tenant: &TenantId, kind: Option<&str>, code: Option<String>) -> Result<Self, ApiError> {
        let kind: Option<Kind> = kind.map(|kind| app.descriptor(kind)).transpose()?.map(|known| known.kind.clone());
        Ok(Self { filter: DeadFilter { kind, tenant: Some(tenant.clone()) }, code })
    }

    /// The next letters after a position that match, how many were looked at, and the last position.
    async fn next(&self, app: &App, after: u64) -> Result<(Vec<StoredDeadLetter>, usize, u64), ApiError> {
        let page = app.bus.list_dead_letters(&self.filter, after, limits::SCAN_PAGE).await?;
        let (looked, last) = (page.len(), page.last().map_or(after, |buried| buried.sequence));
        let mine =
            |buried: &StoredDeadLetter| self.code.as_ref().is_none_or(|code| *code == buried.letter.failure.code);
        Ok((page.into_iter().filter(mine).collect(), looked, last))
    }
}

/// List dead letters
///
/// A page of them, in the order in which they died.
#[utoipa::path(get, path = "/v1/dead", tag = "dead letters", security(("bearer" = [])), params(DeadQuery),
    responses(
        (status = 200, description = "A page", body = DeadList),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn list_dead(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<DeadQuery>,
) -> Result<Json<DeadList>, ApiError> {
    let limit = page_limit(query.limit)?;
    let search = Search::new(&app, &caller.tenant, query.kind.as_deref(), query.code)?;
    let (mut data, mut after, mut seen) = (Vec::new(), query.after.unwrap_or(0), 0);
    let next = 'scan: loop {
        let (letters, looked, last) = search.next(&app, after).await?;
        for buried in letters {
            if data.len() == limit {
                break 'scan Some(after);
            }
            after = buried.sequence;
            data.push(DeadView::new(buried, false));
        }
        (after, seen) = (last, seen + looked);
        if looked < limits::SCAN_PAGE {
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
/// With its body.
#[utoipa::path(get, path = "/v1/dead/{job}", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The letter", body = DeadView),
        (status = 404, description = "There is no dead letter of such a job, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn get_dead(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeadView>, ApiError> {
    let buried = find(&app, &caller, &id).await?;
    app.shown(buried).await.map(Json)
}

/// Replay a dead letter
///
/// As a new job, with another body if one is given; the letter is dropped.
#[utoipa::path(post, path = "/v1/dead/{job}/replay", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")), request_body = ReplayOne,
    responses(
        (status = 202, description = "The new job", body = submit_job::AcceptedJob),
        (status = 404, description = "There is no dead letter of such a job, or it is somebody else's", body = ErrorBody),
        (status = 409, description = "What was published is no job: give a body", body = ErrorBody),
        (status = "4XX", description = "The body is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn replay_dead(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let JobText { text, room: _room } = JobText::or_nothing(request, &app).await?;
    let ReplayOne { body } = body::parse(&text)?;
    let body = body.map(|body| body::parse::<Value>(body.get())).transpose()?;
    let buried = find(&app, &caller, &id).await?;
    Box::pin(app.replay(&buried, body.as_ref())).await.map(submit_job::answer)
}

/// Drop a dead letter
///
/// For good.
#[utoipa::path(delete, path = "/v1/dead/{job}", tag = "dead letters", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "The job's id")),
    responses(
        (status = 200, description = "What was dropped", body = DeadView),
        (status = 404, description = "There is no dead letter of such a job, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn drop_dead(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeadView>, ApiError> {
    let buried = find(&app, &caller, &id).await?;
    app.bus.remove_dead_letter(buried.sequence).await?;
    Ok(Json(DeadView::new(buried, true)))
}

/// Replay dead letters
///
/// All that match, each as a new job.
#[utoipa::path(post, path = "/v1/dead/replay", tag = "dead letters", security(("bearer" = [])), request_body = DeadMany,
    responses(
        (status = 200, description = "How many", body = Replayed),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now: some may be replayed; again is always safe", body = ErrorBody),
    )
)]
pub(crate) async fn replay_many(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<Replayed>, ApiError> {
    let (matched, replayed) = act(&app, &caller, &text, true).await?;
    Ok(Json(Replayed { matched, replayed }))
}

/// Drop dead letters
///
/// All that match, for good.
#[utoipa::path(post, path = "/v1/dead/drop", tag = "dead letters", security(("bearer" = [])), request_body = DeadMany,
    responses(
        (status = 200, description = "How many", body = Dropped),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now: some may be dropped; again is always safe", body = ErrorBody),
    )
)]
pub(crate) async fn drop_many(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<Dropped>, ApiError> {
    let (matched, dropped) = act(&app, &caller, &text, false).await?;
    Ok(Json(Dropped { matched, dropped }))
}

/// Replays or drops all that match: how many do, and with how many that was done.
async fn act(app: &App, caller: &Caller, text: &str, replay: bool) -> Result<(usize, usize), ApiError> {
    let DeadMany { kind, code, all, dry_run } = body::parse(text)?;
    if all == (kind.is_some() || code.is_some()) {
        let message = "say which: `kind`, `code` or both; or else `all`: true";
        return Err(ApiError::invalid("all", message));
    }
    let search = Search::new(app, &caller.tenant, kind.as_deref(), code)?;
    let (mut matched, mut acted, mut after) = (0, 0, 0);
    while matched < limits::ACT {
        let (letters, looked, last) = search.next(app, after).await?;
        matched += letters.len();
        for buried in letters.iter().filter(|_| !dry_run) {
            acted += usize::from(act_on(app, buried, replay).await?);
        }
        after = last;
        if looked < limits::SCAN_PAGE {
            break;
        }
    }
    Ok((matched, acted))
}

async fn act_on(app: &App, buried: &StoredDeadLetter, replay: bool) -> Result<bool, ApiError> {
    if !replay {
        return Ok(app.bus.remove_dead_letter(buried.sequence).await?);
    }
    match Box::pin(app.replay(buried, None)).await {
        Ok(_) => Ok(true),
        // It stays where it is, to be mended or dropped.
        Err(error) if error.status().is_client_error() && error.status() != 429 => Ok(false),
        Err(error) => Err(error),
    }
}

/// The dead letter of a job.
///
/// # Errors
/// 404.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<StoredDeadLetter, ApiError> {
    let shown: String = id.chars().take(80).collect();
    let missing = || {
        ApiError::not_found("dead_letter_not_found", format!("there is no dead letter of a job {shown:?}")).param("job")
    };
    let job = reference(&caller.tenant, id).map_err(|_| missing())?;
    app.bus.get_dead_letter(&job).await?.ok_or_else(missing)
}
