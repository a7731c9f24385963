//! `GET /v1/models`: the models that live workers have loaded, and the tenant's bots.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_schemas::{failure::codes, kinds::chat::BOT_PREFIX};
use ruche_store::{Store, bots::StoredBot};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    chat::bot::named,
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::Path,
    },
    jobs::models::Models,
};

/// The names that a chat's `model` may have.
#[derive(Clone)]
pub struct Catalogue {
    pub models: Arc<Models>,
    pub store: Arc<dyn Store>,
}

/// Models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// `list`.
    pub object: &'static str,
    /// Those that chat, then those of other workers, each by name; then the bots.
    pub data: Vec<Model>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Its name; of a bot, `bot:` and its name.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// Since when a worker has it, or since when there is such a bot, in seconds since 1970.
    pub created: i64,
    /// `ruche`.
    pub owned_by: &'static str,
}

fn model((id, since): (String, DateTime<Utc>)) -> Model {
    Model { id, object: "model", created: since.timestamp(), owned_by: "ruche" }
}

fn bot(StoredBot { bot, created_at, .. }: StoredBot) -> Model {
    model((format!("{BOT_PREFIX}{}", bot.name), created_at))
}

/// List models
///
/// The models of the workers that are alive, then the bots. While no worker is alive there are no models, and while the
/// database is not available no bots are shown.
#[utoipa::path(get, path = "/v1/models", tag = "models", security(("bearer" = [])), responses(
    (status = 200, description = "The models", body = ModelList),
    (status = "4XX", description = "Refused", body = ErrorBody),
    (status = 503, description = "The bus is not available", body = ErrorBody),
))]
pub(crate) async fn list_models(
    State(catalogue): State<Catalogue>,
    caller: Caller,
) -> Result<Json<ModelList>, ApiError> {
    let announced = catalogue.models.announced().await?;
    let bots = catalogue.store.bots(&caller.tenant).await.unwrap_or_else(|error| {
        tracing::warn!(error.message = %error, "models are listed without bots");
        Vec::new()
    });
    let data = announced.all().into_iter().map(model).chain(bots.into_iter().map(bot)).collect();
    Ok(Json(ModelList { object: "list", data }))
}

/// Get a model
#[utoipa::path(get, path = "/v1/models/{id}", tag = "models", security(("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Model),
        (status = 404, description = "No worker has it, or there is no such bot", body = ErrorBody),
        (status = 503, description = "The bus or the database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_model(
    State(catalogue): State<Catalogue>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    let found = match named(Some(&id)) {
        Some(name) => catalogue.store.bot(&caller.tenant, name).await?.map(bot),
        None => catalogue.models.announced().await?.all().into_iter().find(|(name, _)| *name == id).map(model),
    };
    let missing = || ApiError::not_found(codes::UNKNOWN_MODEL, format!("there is no model {id:?}")).param("model");
    found.map(Json).ok_or_else(missing)
}
