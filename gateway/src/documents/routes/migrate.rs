//! `/v1/collections/{name}/migrate`: migrates a collection to another embedding model while it is searched.

use std::sync::Arc;

use axum::{Json, extract::State};
use ruche_schemas::Invalid;
use ruche_store::models::Migration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    documents::{
        collections::Collections,
        migrate::{
            progress::{Failed, MigrationState, Progress},
            service::{Migrator, Target},
        },
    },
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        limits,
        params::Path,
    },
    jobs::failure::DeadReason,
};

/// Where a collection is to go.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MigrationRequest {
    /// The embedding model to go to. A worker has to have it.
    model: String,
    /// Whether what other models made stays after the switch, so that the way back is short.
    #[serde(default)]
    keep_old: bool,
    /// Whether documents that have failed are tried again.
    #[serde(default)]
    retry: bool,
}

/// How far a collection is on its way to another embedding model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "collection": "handbook", "object": "migration", "state": "embedding", "model": "all-minilm-l6-v2",
    "next_model": "multilingual-e5-small", "documents": 120, "done": 75, "queued": 32, "failed": 0, "failures": []
}))]
pub struct MigrationView {
    /// The collection.
    pub collection: String,
    /// `migration`.
    pub object: &'static str,
    /// `none`: it goes to no other model. `embedding`: its documents are being embedded anew. `blocked`: all that is left
    /// has failed. `clearing`: chunks that nobody needs any more are left: ask again. `done`: it is switched.
    pub state: &'static str,
    /// The model that it is searched with; none before its first document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model that it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    /// How many of them need nothing more.
    pub done: u64,
    /// How many jobs are under way for it.
    pub queued: usize,
    /// How many documents have failed, as far as was looked. They hold the switch up.
    pub failed: usize,
    /// The first of them, at most 20.
    pub failures: Vec<FailedDocument>,
}

/// A document that could not be embedded anew.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedDocument {
    /// Its id.
    pub document: Uuid,
    /// What it is called where it comes from.
    pub source: String,
    /// The job that tried it last: `GET /v1/dead/{job}` has its dead letter.
    pub job: Uuid,
    /// Why.
    pub error: DeadReason,
}

impl From<Failed> for FailedDocument {
    fn from(Failed { missing, job, failure }: Failed) -> Self {
        Self { document: missing.document, source: missing.source, job: job.0, error: failure.into() }
    }
}

impl MigrationView {
    fn new(collection: String, progress: Progress) -> Self {
        let Progress { state, migration, queued, failed, failures } = progress;
        let Migration { searched, next, documents, missing } = migration;
        let state = match state {
            MigrationState::None => "none",
            MigrationState::Embedding => "embedding",
            MigrationState::Blocked => "blocked",
            MigrationState::Clearing => "clearing",
            MigrationState::Done => "done",
        };
        Self {
            collection,
            object: "migration",
            state,
            model: searched.map(|model| model.name),
            next_model: next.map(|model| model.name),
            documents,
            done: documents.saturating_sub(missing),
            queued,
            failed,
            failures: failures.into_iter().map(FailedDocument::from).collect(),
        }
    }
}

/// Take a collection to another embedding model
///
/// One step: begins or goes on, sends a bounded number of jobs that embed documents anew, switches once no document is
/// missing, and then deletes what other models made. Searches go by the old model until the switch. Ask again until the state
/// is `done`; it can be left and taken up at any time. `ruche embed migrate` does all that.
#[utoipa::path(post, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    request_body = MigrationRequest,
    responses(
        (status = 200, description = "How far it is", body = MigrationView),
        (status = 400, description = "The request is wrong: `param` names what", body = ErrorBody),
        (status = 404, description = "There is no such collection, or it is somebody else's; no worker has such a model", body = ErrorBody),
        (status = 409, description = "It is on its way to another model: `migration_under_way`", body = ErrorBody),
        (status = "5XX", description = "Not now: again is always safe", body = ErrorBody),
    )
)]
pub(crate) async fn migrate(
    State(migrator): State<Arc<Migrator>>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<MigrationView>, ApiError> {
    collections.find(&caller.tenant, &name).await?;
    let MigrationRequest { model, keep_old, retry } = parse(&text)?;
    check_model(&model)?;
    let target = Target { model: &model, keep_old, retry };
    let progress = Box::pin(migrator.migrate(&caller.tenant, &name, target)).await?;
    view(&collections, &caller, name, progress).await
}

/// How far a collection is on its way to another embedding model
///
/// Changes nothing.
#[utoipa::path(get, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "How far it is", body = MigrationView),
        (status = 404, description = "There is no such collection, or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn get_migration(
    State(migrator): State<Arc<Migrator>>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<MigrationView>, ApiError> {
    collections.find(&caller.tenant, &name).await?;
    let progress = Box::pin(migrator.progress(&caller.tenant, &name)).await?;
    view(&collections, &caller, name, progress).await
}

/// Let a collection stay with its embedding model
///
/// Deletes what the other one made of it, a bounded number of chunks at once: ask again while the state is `clearing`. Jobs
/// that are under way end, and what they leave is taken up should the collection go to that model again.
#[utoipa::path(delete, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "How far it is", body = MigrationView),
        (status = 404, description = "There is no such collection, or it is somebody else's; it goes to no other model: `no_migration`", body = ErrorBody),
        (status = 503, description = "Not now: again is always safe", body = ErrorBody),
    )
)]
pub(crate) async fn cancel_migration(
    State(migrator): State<Arc<Migrator>>,
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<MigrationView>, ApiError> {
    collections.find(&caller.tenant, &name).await?;
    let progress = migrator.cancel(&caller.tenant, &name).await?;
    view(&collections, &caller, name, progress).await
}

/// The answer; a 404 if the collection was deleted meanwhile.
async fn view(
    collections: &Collections,
    caller: &Caller,
    name: String,
    progress: Option<Progress>,
) -> Result<Json<MigrationView>, ApiError> {
    let progress = match progress {
        Some(progress) => progress,
        None => {
            collections.find(&caller.tenant, &name).await?;
            return Err(
                ApiError::conflict("collection_changed", "the collection was deleted meanwhile").param("collection")
            );
        }
    };
    Ok(Json(MigrationView::new(name, progress)))
}

fn check_model(model: &str) -> Result<(), Invalid> {
    match model.is_empty() || model.len() > limits::MODEL_NAME_BYTES || model.contains('\0') {
        true => Err(Invalid::new("model", "is a name of 1 to 256 bytes: GET /v1/models lists those that there are")),
        false => Ok(()),
    }
}
