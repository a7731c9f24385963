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

/// A bot, as it is kept.
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
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Its name.
    pub name: String,
    /// What the model is told before anything else.
    pub instructions: String,
    /// The chat model that answers; without one, the worker's own.
    pub model: Option<String>,
    /// What is taken where a chat leaves `temperature` at 1.
    pub temperature: Option<f32>,
    /// What its answers are made from.
    pub collections: Vec<String>,
    /// How passages are found.
    pub retrieval: Retrieval,
    /// Whether questions that follow others are made to stand alone.
    pub rewrite: bool,
    /// `off`.
    pub moderation: String,
    /// What it may take.
    pub limits: BotLimits,
    /// What it looks like to those who chat with it.
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
    /// All of them, by name: there are at most 200 of a tenant.
    pub data: Vec<BotView>,
    /// Always `false`.
    pub has_more: bool,
}

/// List bots
///
/// By name.
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

/// Make a bot
///
/// Only `name` is needed. Its collections must be there, and so must its model while any chat worker runs. A chat with it is one with the model `bot:NAME`, at
/// `/v1/chat/completions`, `/v1/ws` or `/v1/jobs/chat`: the last question is searched for in the collections, and the
/// model answers from what is found.
#[utoipa::path(post, path = "/v1/bots", tag = "bots", security(("bearer" = [])),
    request_body(content = Bot, example = json!({
        "name": "help", "instructions": "You answer customers of the shop. Be brief.", "collections": ["faq"],
        "limits": {"max_tokens": 500}, "look": {"title": "Help", "colour": "#c90000"}
    })),
    responses(
        (status = 201, description = "The bot", body = BotView),
        (status = 400, description = "A field is wrong: `param` names it", body = ErrorBody),
        (status = 409, description = "There is one of this name (`bot_exists`), or as many as there may be (`bots_full`)",
            body = ErrorBody),
        (status = 404, description = "There is no such collection (`collection_not_found`), or no chat worker has the model \
            (`model_not_found`)", body = ErrorBody),
        (status = 422, description = "Moderation is asked for: `unsupported_moderation`", body = ErrorBody),
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
        (status = 404, description = "There is no such bot, or it is somebody else's", body = ErrorBody),
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
/// What is left out stays, what is `null` gets its default (JSON Merge Patch, RFC 7396). Chats that were accepted before
/// are answered as the bot was then.
#[utoipa::path(patch, path = "/v1/bots/{name}", tag = "bots", security(("bearer" = [])),
    params(("name" = String, Path, description = "The bot's name, which stays")),
    request_body(content = ref("#/components/schemas/BotChange"), example = json!({"instructions": "Be even briefer.", "retrieval": {"top_k": 3}})),
    responses(
        (status = 200, description = "The bot as it is now", body = BotView),
        (status = 400, description = "A field is wrong: `param` names it", body = ErrorBody),
        (status = 404, description = "There is no such bot, or it is somebody else's; or no chat worker has the new model \
            (`model_not_found`)", body = ErrorBody),
        (status = 409, description = "Others are changing it: `bot_changed`", body = ErrorBody),
        (status = 422, description = "As of a new one", body = ErrorBody),
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
/// Its collections stay, and so do conversations with it. Chats that were accepted are answered.
#[utoipa::path(delete, path = "/v1/bots/{name}", tag = "bots", security(("bearer" = [])),
    params(("name" = String, Path, description = "The bot's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such bot (any more), or it is somebody else's", body = ErrorBody),
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
