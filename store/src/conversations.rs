//! Conversations: workers append turns in the commit of a job ([`Write::Turn`](crate::ledger::Write::Turn)); gateways
//! list them, and workers read the history.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{
    TenantId,
    kinds::chat::{Citation, Message, Role},
};
use uuid::Uuid;

use crate::error::StoreError;

/// Messages in a history, newest kept. No model that Ruche runs has a context that holds more.
pub const HISTORY_MESSAGES: u64 = 1_000;

/// The most system messages that a conversation begins with, and that stay in a history whatever its length.
pub const HISTORY_INSTRUCTIONS: u64 = 16;

/// In characters.
pub const TITLE_CHARS: usize = 80;

/// The messages of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Oldest first: the system messages that it begins with, and the newest [`HISTORY_MESSAGES`].
    pub messages: Vec<Message>,
    /// How many messages are between these.
    pub left_out: u64,
}

/// A conversation without its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: Uuid,
    /// The first words of its first user message, or what it was renamed to.
    pub title: String,
    pub created_at: DateTime<Utc>,
    /// Time of the last message.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Ascending over all messages of the store.
    pub id: i64,
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
    pub model: Option<String>,
    /// The cited passages; none where no passages were given.
    pub citations: Option<Vec<Citation>>,
    pub created_at: DateTime<Utc>,
}

/// Messages to append to a conversation. If another tenant has its id, the commit is refused as
/// `conversation_not_found`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub conversation: Uuid,
    /// Whether the conversation is created if the id is new. A turn that continues one which was deleted meanwhile is
    /// dropped.
    pub begins: bool,
    /// Oldest first.
    pub messages: Vec<TurnMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnMessage {
    pub role: Role,
    pub content: String,
    pub model: Option<String>,
    /// The cited passages; none where no passages were given.
    pub citations: Option<Vec<Citation>>,
}

#[async_trait]
pub trait Conversations: Send + Sync + 'static {
    /// The messages of a conversation; `None` if the tenant has no such conversation.
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<History>, StoreError>;

    /// Up to `limit` conversations, last changed first, after the conversation `after`. `None` if the tenant has no
    /// conversation with that id.
    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError>;

    /// A conversation with its newest `limit` messages, oldest first.
    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError>;

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError>;

    /// The conversation with its new title; `None` if the tenant has none with that id.
    async fn rename_conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        title: &str,
    ) -> Result<Option<Conversation>, StoreError>;

    /// Deletes a conversation and its messages; false if the tenant has none with that id. A turn that continues it
    /// later is dropped.
    async fn delete_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError>;
}

impl Turn {
    /// The title of a conversation that begins with this turn: the user's first words on one line, at most
    /// [`TITLE_CHARS`] characters; empty without a user message.
    #[must_use]
    pub fn title(&self) -> String {
        let first = self.messages.iter().find(|message| message.role == Role::User);
        let mut title = String::new();
        for word in first.into_iter().flat_map(|message| message.content.split_whitespace()) {
            if !title.is_empty() {
                title.push(' ');
            }
            // Truncate long words here, so that a title never allocates more than a title's length.
            title.extend(word.chars().take(TITLE_CHARS));
            if title.chars().count() >= TITLE_CHARS {
                break;
            }
        }
        title.chars().take(TITLE_CHARS).collect::<String>().trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(content: &str) -> String {
        let message =
            |role, content: &str| TurnMessage { role, content: content.to_owned(), model: None, citations: None };
        let messages = vec![message(Role::System, "Be brief."), message(Role::User, content), message(Role::User, "x")];
        Turn { conversation: Uuid::nil(), begins: true, messages }.title()
    }

    #[test]
    fn a_title_is_the_first_words_of_the_user_on_one_line() {
        assert_eq!(titled("  Why is\n\tthe sky blue? "), "Why is the sky blue?");
        assert_eq!(titled(" \n "), "");
        assert_eq!(titled(&"é".repeat(200)), "é".repeat(80));
        assert_eq!(titled(&"ab ".repeat(200)).chars().count(), 80);
        assert_eq!(titled(&format!("{} b", "a".repeat(79))), "a".repeat(79));
    }
}
