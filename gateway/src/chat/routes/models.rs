//! `GET /v1/models`: the models that live workers have loaded, and the tenant's bots.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_schemas::{
    Job as _, TenantId,
    kinds::chat::{BOT_PREFIX, Chat},
};
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
    jobs::models::{Models, unknown_model},
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
    /// The chat models, then other models, each by name; then the bots; then the aliases.
    pub data: Vec<Model>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Its name; of a bot, `bot:` and its name.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// When the first worker loaded it, or when the bot was created, in seconds since 1970.
    pub created: i64,
    /// `ruche`.
    pub owned_by: &'static str,
    /// The model or bot that an alias (`models.aliases`) stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_of: Option<String>,
}

fn model((id, since): (String, DateTime<Utc>)) -> Model {
    Model { id, object: "model", created: since.timestamp(), owned_by: "ruche", alias_of: None }
}

fn bot(StoredBot { bot, created_at, .. }: StoredBot) -> Model {
    model((format!("{BOT_PREFIX}{}", bot.name), created_at))
}

/// List models
///
/// Returns the models of live workers, then the bots, then the aliases. Without a live worker there are no models.
/// Without Postgres there are no bots in the list.
#[utoipa::path(get, path = "/v1/models", tag = "models", security(("bearer" = [])), responses(
    (status = 200, description = "The models", body = ModelList),
    (status = "4XX", description = "The request is refused: see `code`", body = ErrorBody),
    (status = 503, description = "NATS is not available", body = ErrorBody),
))]
pub(crate) async fn list_models(
    State(catalogue): State<Catalogue>,
    caller: Caller,
) -> Result<Json<ModelList>, ApiError> {
    catalogue.all(&caller.tenant).await.map(|data| Json(ModelList { object: "list", data }))
}

impl Catalogue {
    async fn all(&self, tenant: &TenantId) -> Result<Vec<Model>, ApiError> {
        let registered = self.models.registered().await?;
        let bots = self.store.bots(tenant).await.unwrap_or_else(|error| {
            tracing::warn!(error.message = %error, "models are listed without bots");
            Vec::new()
        });
        // Clients take the first of the list.
        let chat_first = registered.all(&Chat::KIND);
        let mut all: Vec<Model> = chat_first.into_iter().map(model).chain(bots.into_iter().map(bot)).collect();
        let aliases: Vec<Model> =
            self.models.aliases.all().filter_map(|(name, target)| alias(&all, name, target)).collect();
        all.retain(|model| aliases.iter().all(|alias| alias.id != model.id));
        all.extend(aliases);
        Ok(all)
    }
}

/// `None` where there is no such model or bot now.
fn alias(all: &[Model], name: &str, target: &str) -> Option<Model> {
    let target = if target.is_empty() { all.first()? } else { all.iter().find(|model| model.id == target)? };
    let (id, alias_of) = (name.to_owned(), Some(target.id.clone()));
    Some(Model { id, object: "model", created: target.created, owned_by: "ruche", alias_of })
}

/// Get a model
#[utoipa::path(get, path = "/v1/models/{id}", tag = "models", security(("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Model),
        (status = 404, description = "No worker has the model, or the bot is not found in this tenant", body = ErrorBody),
        (status = 503, description = "NATS or Postgres is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_model(
    State(catalogue): State<Catalogue>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    if let Some(name) = named(Some(&id)) {
        let found = catalogue.store.bot(&caller.tenant, name).await?.map(bot);
        if let Some(found) = found {
            return Ok(Json(found));
        }
    }
    let mut all = catalogue.all(&caller.tenant).await?;
    match all.iter().position(|model| model.id == id) {
        Some(at) => Ok(Json(all.swap_remove(at))),
        None => Err(unknown_model(&id, all.iter().map(|model| model.id.as_str()))),
    }
}
