//! `/v1/bots`: made, changed, listed and deleted.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use ruche_schemas::bots::{Bot, BotLimits, Look, Retrieval};
use ruche_schemas::kinds::chat::BOT_PREFIX;
use ruche_store::bots::StoredBot;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service::Bots;
use crate::http::{
    auth::Caller,
    error::{ApiError, ErrorBody},
    json::{JsonText, parse},
    params::Path,
    state::HttpState,
};

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Bots>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(list_bots, make_bot)).routes(routes!(get_bot, change_bot, delete_bot))
}

/// A bot with its id and its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "bot:help", "object": "bot", "created_at": "2026-11-27T12:00:00Z", "updated_at": "2026-11-27T12:00:00Z",
    "name": "help", "instructions": "You answer customers of the shop. Be brief.", "model": null, "temperature": null,
    "collections": ["faq"], "rewrite": false, "moderation": "off",
    "retrieval": {
        "top_k": 6, "max_tokens": 1500, "mode": "hybrid", "min_score": null,
        "nothing_found": "I could not find that in the documents."
    },
    "limits": {"max_tokens": 500, "requests_per_minute": 60},
    "look": {
        "title": "Help", "greeting": "Hello! What can I do for you?", "colour": "#c90000",
        "suggestions": ["When are refunds paid?"]
    }
}))]
pub struct BotView {
    /// `bot:` and its name: the `model` of chats with it.
    pub id: String,
    /// `bot`.
    pub object: &'static str,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
    /// Its name.
    pub name: String,
    /// System instructions.
    pub instructions: String,
    /// The chat model. Default: the worker's own.
    pub model: Option<String>,
    /// Temperature used if the request keeps the default of 1.
    pub temperature: Option<f32>,
    /// The collections that are searched for answers.
    pub collections: Vec<String>,
    /// How passages are found.
    pub retrieval: Retrieval,
    /// Whether follow-up questions are rewritten so that they stand alone, before the search.
    pub rewrite: bool,
    /// `off`.
    pub moderation: String,
    /// The limits of its chats.
    pub limits: BotLimits,
    /// Its appearance in chat pages and widgets.
    pub look: Look,
}

impl From<StoredBot> for BotView {
    fn from(StoredBot { bot, created_at, updated_at }: StoredBot) -> Self {
        Self {
            id: format!("{BOT_PREFIX}{}", bot.name),
            object: "bot",
            created_at,
            updated_at,
            name: bot.name,
            instructions: bot.instructions,
            model: bot.model,
            temperature: bot.temperature,
            collections: bot.collections,
            retrieval: bot.retrieval,
            rewrite: bot.rewrite,
            moderation: bot.moderation.0,
            limits: bot.limits,
            look: bot.look,
        }
    }
}

/// Bots.
#[derive(Debug, Serialize, ToSchema)]
pub struct BotList {
    /// `list`.
    pub object: &'static str,
    /// All bots of the tenant, by name: at most 200.
    pub data: Vec<BotView>,
    /// Always `false`.
    pub has_more: bool,
}

/// List bots
///
/// Sorted by name.
#[utoipa::path(get, path = "/v1/bots", tag = "bots", security(("bearer" = [])),
    responses(
        (status = 200, description = "The bots", body = BotList),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn list_bots(State(bots): State<Arc<Bots>>, caller: Caller) -> Result<Json<BotList>, ApiError> {
    let data = bots.all(&caller.tenant).await?.into_iter().map(BotView::from).collect();
    Ok(Json(BotList { object: "list", data, has_more: false }))
}

/// Create a bot
///
/// Only `name` is required. The collections must exist. The model must exist if a chat worker runs. To chat with the
/// bot, use the model `bot:NAME` at `/v1/chat/completions`, `/v1/ws` or `/v1/jobs/chat`: the collections are searched
/// for the last question, and the model answers from the passages found.
#[utoipa::path(post, path = "/v1/bots", tag = "bots", security(("bearer" = [])),
    request_body(content = Bot, example = json!({
        "name": "help", "instructions": "You answer customers of the shop. Be brief.", "collections": ["faq"],
        "limits": {"max_tokens": 500}, "look": {"title": "Help", "colour": "#c90000"}
    })),
    responses(
        (status = 201, description = "The bot", body = BotView),
        (status = 400, description = "A field is not valid: `param` names it", body = ErrorBody),
        (status = 409, description = "The name is taken (`bot_exists`), or the tenant has no room for another bot (`bots_full`)",
            body = ErrorBody),
        (status = 404, description = "A collection is not found in this tenant (`collection_not_found`), or no chat worker has the model \
            (`model_not_found`)", body = ErrorBody),
        (status = 422, description = "Moderation is not supported yet: `unsupported_moderation`", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn make_bot(
    State(bots): State<Arc<Bots>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<BotView>), ApiError> {
    let bot = bots.make(&caller.tenant, parse(&text)?).await?;
    Ok((StatusCode::CREATED, Json(bot.into())))
}

/// Get a bot
#[utoipa::path(get, path = "/v1/bots/{name}", tag = "bots", security(("bearer" = [])),
    params(("name" = String, Path, description = "The bot's name")),
    responses(
        (status = 200, description = "The bot", body = BotView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn get_bot(
    State(bots): State<Arc<Bots>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<BotView>, ApiError> {
    bots.find(&caller.tenant, &name).await.map(|bot| Json(bot.into()))
}

/// Change a bot
///
/// Missing fields stay as they are; `null` restores a default (JSON Merge Patch, RFC 7396). Chats accepted earlier use
/// the bot as it was then.
#[utoipa::path(patch, path = "/v1/bots/{name}", tag = "bots", security(("bearer" = [])),
    params(("name" = String, Path, description = "The bot's name; it can't be changed")),
    request_body(content = ref("#/components/schemas/BotChange"), example = json!({"instructions": "Be even briefer.", "retrieval": {"top_k": 3}})),
    responses(
        (status = 200, description = "The updated bot", body = BotView),
        (status = 400, description = "A field is not valid: `param` names it", body = ErrorBody),
        (status = 404, description = "The bot is not found in this tenant, or no chat worker has the new model \
            (`model_not_found`)", body = ErrorBody),
        (status = 409, description = "Another request changes the bot at the same time: `bot_changed`", body = ErrorBody),
        (status = 422, description = "Moderation is not supported yet: `unsupported_moderation`", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn change_bot(
    State(bots): State<Arc<Bots>>,
    caller: Caller,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<BotView>, ApiError> {
    let bot = bots.change(&caller.tenant, &name, parse(&text)?).await?;
    Ok(Json(bot.into()))
}

/// Delete a bot
///
/// Its collections and conversations stay. Chats accepted earlier are still answered.
#[utoipa::path(delete, path = "/v1/bots/{name}", tag = "bots", security(("bearer" = [])),
    params(("name" = String, Path, description = "The bot's name")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
async fn delete_bot(
    State(bots): State<Arc<Bots>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    bots.delete(&caller.tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
