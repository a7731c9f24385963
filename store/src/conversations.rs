//! Reads what was said before.

use async_trait::async_trait;
use ruche_schemas::{TenantId, kinds::chat::Message};

use uuid::Uuid;

use super::ledger::LedgerError;

/// The most messages that a history has: the newest ones. No context of a model that Ruche runs holds more.
pub const HISTORY_MESSAGES: u64 = 1_000;

/// Reads conversations.
#[async_trait]
pub trait Conversations: Send + Sync + 'static {
    /// The newest [`HISTORY_MESSAGES`] messages, the oldest of them first; `None` when the tenant has no such
    /// conversation.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<Vec<Message>>, LedgerError>;
}
