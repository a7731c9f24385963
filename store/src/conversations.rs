//! Conversations: workers append turns with the job that brings them ([`Write::Turn`](crate::ledger::Write::Turn)); gateways
//! list them, and workers read what was said before.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{
    TenantId,
    kinds::chat::{Citation, Message, Role},
};
use uuid::Uuid;

use crate::error::StoreError;

/// The most messages of a history: the newest ones. No context of a model that Ruche runs holds more.
pub const HISTORY_MESSAGES: u64 = 1_000;

/// The longest title of a conversation, in characters.
pub const TITLE_CHARS: usize = 80;

/// A conversation without its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: Uuid,
    /// The beginning of its first message.
    pub title: String,
    pub created_at: DateTime<Utc>,
    /// When the last message came.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Counts up over all messages.
    pub id: i64,
    /// The job that brought it.
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
    /// The model that generated it.
    pub model: Option<String>,
    /// The passages that it cites; none if it had none to cite.
    pub citations: Option<Vec<Citation>>,
    pub created_at: DateTime<Utc>,
}

/// Messages to append to a conversation, which is made if there is none of this id. If another tenant has it, the commit is
/// refused as `conversation_not_found`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub conversation: Uuid,
    /// The oldest first.
    pub messages: Vec<TurnMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnMessage {
    pub role: Role,
    pub content: String,
    /// The model that generated it, for answers.
    pub model: Option<String>,
    /// The passages that it cites; none if it had none to cite.
    pub citations: Option<Vec<Citation>>,
}

#[async_trait]
pub trait Conversations: Send + Sync + 'static {
    /// The newest [`HISTORY_MESSAGES`] messages, the oldest of them first; `None` when the tenant has no such
    /// conversation.
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<Vec<Message>>, StoreError>;

    /// Up to `limit` conversations, the one changed last first; those after the named one, when one is named.
    /// `None` where the tenant has no conversation of that name.
    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError>;

    /// A conversation with its newest messages, at most `limit`, the oldest of them first.
    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError>;

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError>;
}

impl Turn {
    /// The title of a conversation that begins like this: the first words of the user on one line, at most
    /// [`TITLE_CHARS`] characters; empty if there is no message of the user.
    #[must_use]
    pub fn title(&self) -> String {
        let first = self.messages.iter().find(|message| message.role == Role::User);
        let mut title = String::new();
        for word in first.into_iter().flat_map(|message| message.content.split_whitespace()) {
            if !title.is_empty() {
                title.push(' ');
            }
            // A long word is truncated here already, so that a title costs no more than a title.
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
        Turn { conversation: Uuid::nil(), messages }.title()
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
