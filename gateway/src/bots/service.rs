//! A tenant's bots. A chat gets its bot's model, instructions and passages before it becomes a job, so the job is
//! complete even if the bot is changed or deleted later.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use axum::http::StatusCode;
use chrono::{SubsecRound, TimeDelta};
use ruche_schemas::{
    Job as _, TenantId,
    bots::Bot,
    clock,
    config::Config,
    failure::codes,
    kinds::chat::{BOT_PREFIX, Chat, Grounding, Sampling},
};
use ruche_store::{
    Store,
    bots::{Made, StoredBot},
};
use serde_json::Value;

use super::{
    definition,
    rates::Rates,
    retrieve::{Retrieved, Retriever},
    rewrite::Rewriter,
};
use crate::{
    chat::bot::{Grounder, named},
    http::{
        error::ApiError,
        limits,
        text::{shown, there_are},
    },
    jobs::{models::Models, service::Jobs},
    search::service::Searcher,
};

/// The model of bots that name none, by its setting; empty: the one of other chats.
#[must_use]
pub fn default_model(config: &Config) -> String {
    config.text(&Chat::KIND, "bots_model_name").to_owned()
}

pub struct Bots {
    store: Arc<dyn Store>,
    models: Arc<Models>,
    retriever: Retriever,
    rates: Rates,
    /// The model of bots that name none, while a worker has it; empty: the chat model.
    default_model: String,
}

impl Bots {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, jobs: &Jobs, searcher: Arc<Searcher>) -> Self {
        let rewriter = Rewriter::new(Arc::clone(&store), jobs.waiter.clone());
        let (models, retriever) = (Arc::clone(&jobs.models), Retriever::new(searcher, rewriter));
        Self { store, models, retriever, rates: Rates::default(), default_model: String::new() }
    }

    /// With a model for bots that name none (`chat.bots_model_name`).
    #[must_use]
    pub fn with_default_model(self, default_model: String) -> Self {
        Self { default_model, ..self }
    }

    /// Sorted by name.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn all(&self, tenant: &TenantId) -> Result<Vec<StoredBot>, ApiError> {
        Ok(self.store.bots(tenant).await?)
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(&self, tenant: &TenantId, name: &str) -> Result<StoredBot, ApiError> {
        self.store.bot(tenant, name).await?.ok_or_else(|| unknown(name))
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, name: &str) -> Result<(), ApiError> {
        match self.store.delete_bot(tenant, name).await? {
            true => Ok(()),
            false => Err(unknown(name)),
        }
    }

    /// 404 that lists the bots there are.
    async fn no_such_bot(&self, tenant: &TenantId, name: &str) -> ApiError {
        let all = self.store.bots(tenant).await.unwrap_or_default();
        let names: Vec<String> =
            all.iter().take(limits::BOTS_NAMED).map(|one| format!("{BOT_PREFIX}{}", one.bot.name)).collect();
        let others = match names.is_empty() {
            true => "there are no bots yet; POST /v1/bots makes one".to_owned(),
            false => there_are(&names),
        };
        ApiError::not_found(codes::UNKNOWN_MODEL, format!("there is no bot {:?}: {others}", shown(name))).param("model")
    }

    /// # Errors
    /// 4xx that name the field; 409 when the name exists, or the tenant has the most bots.
    pub(crate) async fn make(&self, tenant: &TenantId, body: Value) -> Result<StoredBot, ApiError> {
        let bot = definition::read(None, body)?;
        self.check_model(&bot).await?;
        self.check_collections(tenant, &bot).await?;
        let now = clock::now().trunc_subsecs(6);
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

    /// Changes a bot; fields that are left out stay.
    ///
    /// # Errors
    /// As [`Bots::make`]; 404 when there is none; 409 when others keep changing it.
    pub(crate) async fn change(&self, tenant: &TenantId, name: &str, change: Value) -> Result<StoredBot, ApiError> {
        for _ in 0..limits::BOT_TRIES {
            let before = self.store.bot(tenant, name).await?.ok_or_else(|| unknown(name))?;
            let bot = definition::read(Some(&before.bot), change.clone())?;
            if bot.model != before.bot.model {
                self.check_model(&bot).await?;
            }
            self.check_collections(tenant, &bot).await?;
            let read = before.updated_at;
            // Its version: never repeated, even if a clock was set back.
            let updated_at = clock::now().trunc_subsecs(6).max(read + TimeDelta::microseconds(1));
            let stored = StoredBot { bot, updated_at, ..before };
            if self.store.change_bot(tenant, &stored, read).await? {
                return Ok(stored);
            }
        }
        Err(ApiError::conflict(
            "bot_changed",
            format!("another request changed the bot {name} meanwhile: read it and try again"),
        ))
    }

    /// Refuses a model that no chat worker has. Without a chat worker nothing is known, and any is accepted.
    async fn check_model(&self, bot: &Bot) -> Result<(), ApiError> {
        let Some(model) = self.models.aliases.resolve(bot.model.clone()) else { return Ok(()) };
        if named(Some(&model)).is_some() {
            let name = bot.model.as_deref().unwrap_or_default();
            let message = format!("{name:?} is an alias of the bot {model:?}: name a chat model");
            return Err(ApiError::invalid("model", message));
        }
        match self.models.find(&Chat::KIND, bot.model.as_deref()).await {
            Err(error) if error.status() == StatusCode::NOT_FOUND => Err(error),
            _ => Ok(()),
        }
    }

    /// The model that answers a bot's chats; `None` for the worker's own.
    async fn model_of(&self, name: &str, model: Option<&str>) -> Result<Option<String>, ApiError> {
        let found = self.models.find(&Chat::KIND, model).await.map_err(|error| match error.status() {
            // The caller named the bot.
            StatusCode::NOT_FOUND => error.and(&format!("; PATCH /v1/bots/{name} gives the bot another model")),
            _ => error,
        })?;
        if found.is_some() || self.default_model.is_empty() {
            return Ok(found);
        }
        let is_there = self.models.has_for_certain(&Chat::KIND, &self.default_model).await?;
        Ok(is_there.then(|| self.default_model.clone()))
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
                let message = format!("there is no collection {name:?}: create it first, or add a document to it");
                Err(ApiError::not_found(codes::UNKNOWN_COLLECTION, message).param(format!("collections[{i}]")))
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Grounder for Bots {
    async fn complete(&self, tenant: &TenantId, name: &str, mut chat: Chat) -> Result<Chat, ApiError> {
        let Some(StoredBot { mut bot, .. }) = self.store.bot(tenant, name).await? else {
            return Err(self.no_such_bot(tenant, name).await);
        };
        if chat.grounding.is_some() {
            let message =
                format!("is not allowed here: the bot {name} has its own instructions and passages; leave it out");
            return Err(ApiError::invalid("grounding", message));
        }
        if let Some(most) = bot.limits.requests_per_minute {
            self.rates.admit(tenant, name, most, Instant::now())?;
        }
        bot.model = self.model_of(name, bot.model.as_deref()).await?;
        let mut grounding = Grounding {
            instructions: bot.instructions.clone(),
            max_tokens: bot.retrieval.max_tokens,
            ..Grounding::default()
        };
        if !bot.collections.is_empty() {
            let Retrieved { passages, nothing_found } = Box::pin(self.retriever.retrieve(tenant, &bot, &chat)).await?;
            (grounding.passages, grounding.nothing_found) = (passages, Some(nothing_found));
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
}

fn unknown(name: &str) -> ApiError {
    let message = format!("there is no bot {:?}: GET /v1/bots lists those that there are", shown(name));
    ApiError::not_found("bot_not_found", message).param("name")
}
