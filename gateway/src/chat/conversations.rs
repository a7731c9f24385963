//! Stored conversations.

use std::sync::Arc;

use ruche_schemas::{TenantId, failure::codes};
use ruche_store::{
    Store,
    conversations::{Conversation, StoredMessage},
};
use uuid::Uuid;

use crate::http::{error::ApiError, limits, text::shown};

#[derive(Clone)]
pub struct Conversations(Arc<dyn Store>);

impl Conversations {
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// The conversation changed last comes first.
    ///
    /// # Errors
    /// 404 when the conversation that the page begins after is gone; 503.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Vec<Conversation>, ApiError> {
        let found = self.0.conversations(tenant, limit, after).await?;
        found.ok_or_else(|| unknown(&after.unwrap_or_default().to_string()).param("after"))
    }

    /// A conversation with its newest messages.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn find(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<(Conversation, Vec<StoredMessage>), ApiError> {
        let found = self.0.conversation(tenant, parsed(id)?, limits::MESSAGES).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// # Errors
    /// 400 for a title without a word or over the bound; 404; 503.
    pub(crate) async fn rename(&self, tenant: &TenantId, id: &str, title: &str) -> Result<Conversation, ApiError> {
        let title = one_line(title)?;
        let found = self.0.rename_conversation(tenant, parsed(id)?, &title).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// # Errors
    /// 404; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, id: &str) -> Result<(), ApiError> {
        match self.0.delete_conversation(tenant, parsed(id)?).await? {
            true => Ok(()),
            false => Err(unknown(id)),
        }
    }
}

/// A title's words.
fn one_line(title: &str) -> Result<String, ApiError> {
    let (count, max) = (title.chars().count(), limits::TITLE_CHARS);
    if let Some(control) = title.chars().find(|c| c.is_control() && !c.is_whitespace()) {
        let message = format!("has the control character U+{:04X}, which is not allowed", u32::from(control));
        return Err(ApiError::invalid("title", message));
    }
    let words = title.split_whitespace();
    match words.collect::<Vec<_>>().join(" ") {
        title if count <= max && !title.is_empty() => Ok(title),
        title if count <= max => {
            Err(ApiError::invalid("title", format!("{title:?} has no visible character: at least one is needed")))
        }
        _ => Err(ApiError::invalid("title", format!("the title has {count} characters: at most {max} are allowed"))),
    }
}

/// # Errors
/// 404 for a text that is no id, such as `conv_123` of OpenAI's conversations.
fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| {
        let message = format!(
            "there is no conversation {:?}: an id is that of GET /v1/conversations, or the `conversation` of a chat's \
             answer, such as 0197b2a4-6c1e-7d3f-8a52-3b9c0d1e2f40; those of OpenAI are not known here",
            shown(id)
        );
        ApiError::not_found(codes::UNKNOWN_CONVERSATION, message).param("id")
    })
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(
        codes::UNKNOWN_CONVERSATION,
        format!("there is no conversation {}: GET /v1/conversations lists those that there are", shown(id)),
    )
    .param("id")
}
