//! A bot's name in place of a model's, and the port that completes such a chat.

use async_trait::async_trait;
use ruche_schemas::{
    TenantId,
    kinds::chat::{BOT_PREFIX, Chat},
};
use serde_json::Value;

use crate::http::error::ApiError;

#[async_trait]
pub trait Grounder: Send + Sync + 'static {
    /// The chat with the bot's model, instructions and passages.
    ///
    /// # Errors
    /// 404 for an unknown bot, and for a model that no worker has; 429 over the bot's rate; 503 while its documents
    /// cannot be searched.
    async fn complete(&self, tenant: &TenantId, name: &str, chat: Chat) -> Result<Chat, ApiError>;
}

pub(crate) fn named(model: Option<&str>) -> Option<&str> {
    model?.strip_prefix(BOT_PREFIX)
}

/// Refuses a bot in a chat that starts without a gateway.
///
/// # Errors
/// 400 that names the field.
pub fn refuse_deferred(body: &Value, at: &str) -> Result<(), ApiError> {
    match named(body["model"].as_str()) {
        Some(_) => {
            let message = "a job that follows another or recurs can't use a bot: name a model, and give instructions and \
                           passages in `grounding`";
            Err(ApiError::invalid(format!("{at}.model"), message))
        }
        None => Ok(()),
    }
}
