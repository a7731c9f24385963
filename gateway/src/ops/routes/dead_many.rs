//! `/v1/dead`: replays or drops many dead letters at once.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
};
use ruche_schemas::Invalid;
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

/// The dead letters to delete or replay: `kind`, `code` or both, or `all`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadMany {
    /// Only jobs of this kind.
    kind: Option<String>,
    /// Only dead letters with this error code.
    code: Option<String>,
    /// All dead letters. Default: false.
    #[serde(default)]
    all: bool,
    /// Whether to count matches without changing anything. Default: false.
    #[serde(default)]
    dry_run: bool,
}

/// The result of replaying dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many were replayed; 0 in a dry run. Messages that are not valid jobs are not replayed.
    pub replayed: usize,
}

/// The result of deleting dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dropped {
    /// How many match (up to 100,000 in one request).
    pub matched: usize,
    /// How many were deleted; 0 in a dry run.
    pub dropped: usize,
}

/// Replay dead letters
///
/// Submits each dead letter that matches as a new job.
#[utoipa::path(post, path = "/v1/dead/replay", tag = "dead letters", security(("bearer" = [])), request_body = DeadMany,
    responses(
        (status = 200, description = "The counts", body = Replayed),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; some may be replayed already; the request can be repeated safely", body = ErrorBody),
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
/// Deletes all dead letters that match. This can't be undone.
#[utoipa::path(post, path = "/v1/dead/drop", tag = "dead letters", security(("bearer" = [])), request_body = DeadMany,
    responses(
        (status = 200, description = "The counts", body = Dropped),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; some may be dropped already; the request can be repeated safely", body = ErrorBody),
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
        let message = match all {
            true => "goes without `kind` and `code`: leave it out, or leave out both",
            false => "is missing: say which dead letters, by `kind`, `code` or both, or send {\"all\": true}",
        };
        return Err(Invalid::new("all", message).into());
    }
    let search = letters.search(&caller.tenant, kind.as_deref(), code)?;
    letters.act(&search, if dry_run { Action::Count } else { action }).await
}
