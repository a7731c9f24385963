//! Submits chats. A bot's chat is completed first, unless it was submitted before: then it stays the same job, even
//! if the bot or its documents have changed.

use std::sync::Arc;

use async_trait::async_trait;
use ruche_schemas::{
    Job as _, JobRef, Kind, TenantId,
    failure::codes,
    kinds::chat::{BOT_PREFIX, Chat},
};
use ruche_store::Store;
use serde_json::value::RawValue;

use super::{
    bot::{self, Grounder, named},
    openai::parameters,
    shorten::shorten,
};
use crate::{
    http::{error::ApiError, limits, text::there_are},
    jobs::{
        intake::Completion,
        kinds::Kinds,
        models::Models,
        publisher::{Publisher, fingerprint},
        service::Jobs,
        submission::{Accepted, Submission},
    },
};

pub struct Chats {
    store: Arc<dyn Store>,
    kinds: Arc<Kinds>,
    models: Arc<Models>,
    publisher: Arc<Publisher>,
    grounder: Arc<dyn Grounder>,
}

impl Chats {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, jobs: &Jobs, grounder: Arc<dyn Grounder>) -> Self {
        let (kinds, models) = (Arc::clone(&jobs.kinds), Arc::clone(&jobs.models));
        Self { store, kinds, models, publisher: Arc::clone(&jobs.publisher), grounder }
    }

    /// # Errors
    /// As [`Publisher::submit`]; also 404 for a model that no worker has, and for an unknown bot or conversation; 503
    /// while the bot's documents cannot be searched.
    pub async fn submit(&self, mut chat: Chat, mut submission: Submission<'_>) -> Result<Accepted, ApiError> {
        self.kinds.descriptor(Chat::KIND.as_str())?;
        let asked = chat.model;
        chat.model = self.models.aliases.resolve(asked.clone());
        chat.check()?;
        let is_bot = named(chat.model.as_deref()).is_some();
        shorten(&mut chat, is_bot);
        chat.continues = chat.conversation.is_some();
        if let Some(id) = chat.conversation
            && !self.store.has_conversation(submission.tenant, id).await?
        {
            let message = format!("there is no conversation {id}: leave `conversation` out to begin a new one");
            return Err(ApiError::not_found(codes::UNKNOWN_CONVERSATION, message).param("conversation"));
        }
        let bot = named(chat.model.as_deref()).map(str::to_owned);
        if bot.is_none()
            && let Err(error) = self.models.find(&Chat::KIND, asked.as_deref()).await
        {
            return Err(self.with_bots(submission.tenant, error).await);
        }
        let id = self.publisher.job_id(&Chat::KIND, &submission)?;
        if chat.store {
            // A new conversation has the job's id, so that a repeated submission names the same one.
            chat.conversation.get_or_insert(id.0);
        }
        let conversation = chat.conversation.filter(|_| chat.store);
        let mut work = self.kinds.work(&chat)?;
        if let Some(bot) = bot {
            let job = JobRef { tenant: submission.tenant.clone(), id };
            let fingerprint = fingerprint(&work.body);
            let key = submission.idempotency_key;
            if let Some(accepted) = self.publisher.submitted_before(&job, &Chat::KIND, key, &fingerprint).await? {
                return Ok(Accepted { conversation, ..accepted });
            }
            submission.options.fingerprint = Some(fingerprint);
            let whole = Box::pin(self.grounder.complete(submission.tenant, &bot, chat)).await?;
            work = self.kinds.work(&whole)?;
        }
        submission.options.id = Some(id);
        let mut accepted = self.publisher.submit(work, submission).await?;
        accepted.conversation = conversation.filter(|_| accepted.job.id == id);
        Ok(accepted)
    }

    /// Lists the tenant's bots and their aliases too, if a model is unknown.
    async fn with_bots(&self, tenant: &TenantId, error: ApiError) -> ApiError {
        if error.code_name() != Some(codes::UNKNOWN_MODEL) {
            return error;
        }
        let bots = self.store.bots(tenant).await.unwrap_or_default();
        let bots: Vec<String> = bots.iter().map(|one| format!("{BOT_PREFIX}{}", one.bot.name)).collect();
        let aliases = self.models.aliases.of(|target| bots.iter().any(|bot| bot == target)).take(limits::MODELS_NAMED);
        let names: Vec<&str> = bots.iter().take(limits::BOTS_NAMED).map(String::as_str).chain(aliases).collect();
        match names.is_empty() {
            true => error,
            false => error.and(&format!("; of bots {}", there_are(&names))),
        }
    }
}

#[async_trait]
impl Completion for Chats {
    fn kind(&self) -> Kind {
        Chat::KIND
    }

    async fn submit(&self, body: &RawValue, submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let chat = serde_json::from_str(body.get()).map_err(|_| ApiError::internal())?;
        Chats::submit(self, chat, submission).await
    }
}

/// The kinds with the rules for bodies of chats.
#[must_use]
pub fn with_rules(kinds: Kinds) -> Kinds {
    kinds.with_deferred_check(Chat::KIND, bot::refuse_deferred).with_preparation(Chat::KIND, parameters::prepare)
}
