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

/// Request to migrate a collection to another embedding model.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MigrationRequest {
    /// The target model, by its name or an alias. A worker must have it.
    model: String,
    /// Whether the chunks of other models are kept after the switch, so that a migration back is fast. Default: false.
    #[serde(default)]
    keep_old: bool,
    /// Whether failed documents are tried again. Default: false.
    #[serde(default)]
    retry: bool,
}

/// The progress of a migration.
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
    /// `none`: no migration is running. `embedding`: documents are being embedded with the new model. `blocked`: all
    /// remaining documents have failed. `clearing`: unneeded chunks remain; repeat the request. `done`: the collection
    /// uses the new model.
    pub state: &'static str,
    /// The embedding model of its searches; missing before its first document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The target model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    /// How many of its documents the new model has embedded.
    pub done: u64,
    /// How many jobs of the migration are running or waiting.
    pub queued: usize,
    /// How many documents have failed, among those checked so far. They block the switch.
    pub failed: usize,
    /// The first failed documents, at most 20.
    pub failures: Vec<FailedDocument>,
}

/// A document that the new model could not embed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailedDocument {
    /// Its id.
    pub document: Uuid,
    /// The document's name at its origin.
    pub source: String,
    /// The last job that tried it. `GET /v1/dead/{job}` has its dead letter.
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

/// Migrate a collection to another embedding model
///
/// Does one step of the migration: starts or continues it, sends a bounded number of jobs that embed documents with the
/// new model, switches when every document is embedded, and then deletes the chunks of other models. Searches use the
/// old model until the switch. Repeat the request until the state is `done`; you can interrupt and continue at any
/// time. `ruche embed migrate` repeats it for you.
#[utoipa::path(post, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    request_body = MigrationRequest,
    responses(
        (status = 200, description = "The progress of the migration", body = MigrationView),
        (status = 400, description = "The request is not valid: `param` names the field", body = ErrorBody),
        (status = 404, description = "The collection is not found in this tenant, or no worker has the model", body = ErrorBody),
        (status = 409, description = "A migration to another model is running: `migration_under_way`", body = ErrorBody),
        (status = "5XX", description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
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

/// Get a migration's progress
///
/// Returns the progress without changing anything.
#[utoipa::path(get, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "The progress of the migration", body = MigrationView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
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

/// Cancel a migration
///
/// Keeps the current embedding model and deletes the chunks of the new one, a bounded number per request. Repeat the
/// request while the state is `clearing`. Running jobs end; their chunks are used if the migration to that model starts
/// again.
#[utoipa::path(delete, path = "/v1/collections/{name}/migrate", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "The progress of the migration", body = MigrationView),
        (status = 404, description = "The collection is not found in this tenant, or no migration is running (`no_migration`)", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
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
        true => Err(Invalid::new(
            "model",
            "is no name of a model, which has 1 to 256 bytes: GET /v1/models lists those that there are",
        )),
        false => Ok(()),
    }
}
