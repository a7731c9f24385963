//! `/v1/dead`: replays or drops many dead letters at once.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        state::HttpState,
    },
    ops::dead_letters::{Action, DeadLetters},
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<DeadLetters>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(replay_many)).routes(routes!(drop_many))
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
async fn replay_many(
    State(letters): State<Arc<DeadLetters>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<Replayed>, ApiError> {
    let (matched, replayed) = act(&letters, &caller, &text, Action::Replay).await?;
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
async fn drop_many(
    State(letters): State<Arc<DeadLetters>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<Dropped>, ApiError> {
    let (matched, dropped) = act(&letters, &caller, &text, Action::Drop).await?;
    Ok(Json(Dropped { matched, dropped }))
}

async fn act(letters: &DeadLetters, caller: &Caller, text: &str, action: Action) -> Result<(usize, usize), ApiError> {
    let DeadMany { kind, code, all, dry_run } = parse(text)?;
    if all == (kind.is_some() || code.is_some()) {
        let message = "say which: `kind`, `code` or both; or else `all`: true";
        return Err(ApiError::invalid("all", message));
    }
    let search = letters.search(&caller.tenant, kind.as_deref(), code)?;
    letters.act(&search, if dry_run { Action::Count } else { action }).await
}
