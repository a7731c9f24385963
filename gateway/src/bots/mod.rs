//! Bots: what answers in somebody's name. A chat with the model `bot:NAME` becomes a chat with the bot's model,
//! instructions and passages here, before it is a job; so the job is whole, whatever becomes of the bot meanwhile.
//!
//! - [`definition`]: a bot, read from a request. - [`rates`]: how often it is asked. - [`retrieve`]: the passages for a question.
//! - [`rewrite`]: a question that follows others, made to stand alone.

use std::time::Instant;

use chrono::{SubsecRound, TimeDelta, Utc};
use ruche_schemas::{
    Job as _, Kind, TenantId,
    failure::codes,
    kinds::chat::{BOT_PREFIX, Chat, Grounding, Sampling},
};
use serde_json::Value;

use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
    ports::{Made, StoredBot},
};

mod definition;
mod rates;
mod retrieve;
mod rewrite;
pub mod routes;

pub use rates::Rates;
pub use ruche_schemas::bots::{Bot, BotLimits, Look, Retrieval, RetrievalMode};

/// The name of the bot that a model's name stands for.
pub(crate) fn named(model: Option<&str>) -> Option<&str> {
    model?.strip_prefix(BOT_PREFIX)
}

/// Refuses a bot in a job to be that no gateway sees when it begins.
///
/// # Errors
/// 400 that names the field.
pub(crate) fn refuse(kind: &Kind, body: &Value, at: &str) -> Result<(), ApiError> {
    match named(body["model"].as_str()).filter(|_| *kind == Chat::KIND) {
        Some(_) => {
            let message = "a bot is asked at once and through a gateway, not by a job that follows another or recurs: name \
                           a model, and say in `grounding` what the answer is to be made of";
            Err(ApiError::invalid(format!("{at}.model"), message))
        }
        None => Ok(()),
    }
}

impl App {
    /// What a chat with a bot is: with the bot's model, instructions and passages.
    ///
    /// # Errors
    /// 404 for a bot that the tenant does not have, and for a model that no worker has; 429 where the bot is asked too
    /// often; 503 where its documents can't be searched now.
    pub(crate) async fn with_bot(&self, tenant: &TenantId, name: &str, mut chat: Chat) -> Result<Chat, ApiError> {
        let Some(StoredBot { bot, .. }) = self.store.bot(tenant, name).await? else {
            return Err(self.no_such_bot(tenant, name).await);
        };
        if chat.grounding.is_some() {
            let message = format!("leave it out: the bot {name} brings its own instructions and passages");
            return Err(ApiError::invalid("grounding", message));
        }
        if let Some(most) = bot.limits.requests_per_minute {
            self.bot_rates.admit(tenant, name, most, Instant::now())?;
        }
        if let Some(model) = &bot.model {
            self.models.check(&*self.bus, &Chat::KIND, model).await?;
        }
        let mut grounding = Grounding {
            instructions: bot.instructions.clone(),
            max_tokens: bot.retrieval.max_tokens,
            ..Grounding::default()
        };
        if !bot.collections.is_empty() {
            grounding.nothing_found = Some(bot.retrieval.nothing_found.clone());
            grounding.passages = Box::pin(self.passages(tenant, &bot, &chat)).await?;
        }
        chat.grounding = Some(grounding);
        chat.model = bot.model;
        chat.max_tokens = chat.max_tokens.into_iter().chain(bot.limits.max_tokens).min();
        if let Some(temperature) = bot.temperature
            && chat.sampling.temperature == Sampling::default().temperature
        {
            chat.sampling.temperature = temperature;
        }
        chat.check()?;
        Ok(chat)
    }

    /// 404 that says which bots there are.
    async fn no_such_bot(&self, tenant: &TenantId, name: &str) -> ApiError {
        let shown: String = name.chars().take(80).collect();
        let all = self.store.bots(tenant).await.unwrap_or_default();
        let names: Vec<String> =
            all.iter().take(limits::BOTS_NAMED).map(|one| format!("{BOT_PREFIX}{}", one.bot.name)).collect();
        let others = match names.is_empty() {
            true => "there is none; POST /v1/bots makes one".to_owned(),
            false => format!("there are {}", names.join(", ")),
        };
        ApiError::not_found(codes::UNKNOWN_MODEL, format!("there is no bot {shown:?}: {others}")).param("model")
    }

    /// Makes a bot.
    ///
    /// # Errors
    /// 4xx that name the field; 409 where there is one of this name, or as many as there may be.
    pub(crate) async fn make_bot(&self, tenant: &TenantId, body: Value) -> Result<StoredBot, ApiError> {
        let bot = definition::read(None, body)?;
        self.check_collections(tenant, &bot).await?;
        let now = Utc::now().trunc_subsecs(6);
        let stored = StoredBot { bot, created_at: now, updated_at: now };
        match self.store.make_bot(tenant, &stored, limits::BOTS).await? {
            Made::New => Ok(stored),
            Made::Taken => {
                let name = &stored.bot.name;
                let message = format!("there is a bot {name} already: PATCH /v1/bots/{name} changes it");
                Err(ApiError::conflict("bot_exists", message).param("name"))
            }
            Made::Full => {
                let message = format!("there are {} bots, which is the most: delete one first", limits::BOTS);
                Err(ApiError::conflict("bots_full", message))
            }
        }
    }

    /// Changes a bot: what a change leaves out stays.
    ///
    /// # Errors
    /// As [`App::make_bot`]; 404 where there is none; 409 where others change it all the time.
    pub(crate) async fn change_bot(&self, tenant: &TenantId, name: &str, change: Value) -> Result<StoredBot, ApiError> {
        for _ in 0..limits::BOT_TRIES {
            let before = self.store.bot(tenant, name).await?.ok_or_else(|| missing(name))?;
            let bot = definition::read(Some(&before.bot), change.clone())?;
            self.check_collections(tenant, &bot).await?;
            let read = before.updated_at;
            // Its version: never the same twice, also where a clock was set back.
            let updated_at = Utc::now().trunc_subsecs(6).max(read + TimeDelta::microseconds(1));
            let stored = StoredBot { bot, updated_at, ..before };
            if self.store.change_bot(tenant, &stored, read).await? {
                return Ok(stored);
            }
        }
        Err(ApiError::conflict("bot_changed", format!("others are changing the bot {name}: read it and try again")))
    }

    /// Refuses collections that the tenant does not have.
    async fn check_collections(&self, tenant: &TenantId, bot: &Bot) -> Result<(), ApiError> {
        if bot.collections.is_empty() {
            return Ok(());
        }
        let known = self.store.searchable(tenant, &bot.collections).await?;
        let missing = (0..).zip(&bot.collections).find(|(_, name)| known.iter().all(|known| known.name != **name));
        match missing {
            Some((i, name)) => {
                let message = format!("there is no collection {name:?}: make it first, or add a document to it");
                Err(ApiError::unprocessable("collection_not_found", message).param(format!("collections[{i}]")))
            }
            None => Ok(()),
        }
    }
}

/// 404: the tenant has no such bot.
pub(crate) fn missing(name: &str) -> ApiError {
    let shown: String = name.chars().take(80).collect();
    ApiError::not_found("bot_not_found", format!("there is no bot {shown:?}: GET /v1/bots lists those that there are"))
        .param("name")
}
