//! Conversations in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use ruche_schemas::{
    TenantId,
    kinds::chat::{Message, Role},
};
use uuid::Uuid;

use super::{
    rows::ConversationRow,
    tables::{Memory, Tables, page, size},
};
use crate::{
    conversations::{
        Conversation, Conversations, HISTORY_INSTRUCTIONS, HISTORY_MESSAGES, History, StoredMessage, Turn,
    },
    documents::stored_time,
    error::StoreError,
    ledger::{Ended, text},
};

impl Memory {
    pub fn put_conversation(&self, tenant: TenantId, conversation: Conversation, messages: Vec<StoredMessage>) {
        self.lock().conversations.insert(conversation.id, ConversationRow { tenant, conversation, messages });
    }

    #[must_use]
    pub fn title(&self, tenant: &TenantId, conversation: Uuid) -> Option<String> {
        self.lock().conversation(tenant, conversation).map(|row| row.conversation.title.clone())
    }
}

impl Tables {
    fn conversation(&self, tenant: &TenantId, id: Uuid) -> Option<&ConversationRow> {
        self.conversations.get(&id).filter(|row| row.tenant == *tenant)
    }

    pub(super) fn append(&mut self, ended: &Ended, turn: &Turn) {
        let at = stored_time(ended.ended_at);
        if !turn.begins && !self.conversations.contains_key(&turn.conversation) {
            return;
        }
        let new = || {
            let (id, title) = (turn.conversation, text(&turn.title()));
            let conversation = Conversation { id, title, created_at: at, updated_at: at };
            ConversationRow { tenant: ended.job.tenant.clone(), conversation, messages: Vec::new() }
        };
        let row = self.conversations.entry(turn.conversation).or_insert_with(new);
        row.conversation.updated_at = row.conversation.updated_at.max(at);
        for message in &turn.messages {
            self.messages += 1;
            row.messages.push(StoredMessage {
                id: self.messages,
                job: ended.job.id.0,
                role: message.role.as_str().to_owned(),
                content: text(&message.content),
                model: message.model.as_deref().map(text),
                citations: message.citations.clone(),
                created_at: at,
            });
        }
    }
}

fn newest(messages: &[StoredMessage], most: u64) -> &[StoredMessage] {
    &messages[messages.len().saturating_sub(size(most))..]
}

fn read(message: &StoredMessage) -> Result<Message, StoreError> {
    let roles = [Role::System, Role::User, Role::Assistant];
    let role = roles.into_iter().find(|role| role.as_str() == message.role);
    let role = role.ok_or_else(|| StoreError::unreadable("messages.role", &message.role))?;
    Ok(Message { role, content: message.content.clone() })
}

#[async_trait]
impl Conversations for Memory {
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<History>, StoreError> {
        let tables = self.tables()?;
        let Some(row) = tables.conversation(tenant, conversation) else { return Ok(None) };
        let newest = newest(&row.messages, HISTORY_MESSAGES);
        let older = &row.messages[..row.messages.len() - newest.len()];
        let system = |message: &&StoredMessage| message.role == Role::System.as_str();
        let kept: Vec<_> = older.iter().take(size(HISTORY_INSTRUCTIONS)).take_while(system).collect();
        let left_out = (older.len() - kept.len()) as u64;
        let messages = kept.into_iter().chain(newest).map(read).collect::<Result<_, _>>()?;
        Ok(Some(History { messages, left_out }))
    }

    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError> {
        let tables = self.tables()?;
        let mine = tables.conversations.values().filter(|row| row.tenant == *tenant);
        let mut all: Vec<Conversation> = mine.map(|row| row.conversation.clone()).collect();
        all.sort_by_key(|one| Reverse((one.updated_at, one.id)));
        Ok(page(all, |one| one.id, limit, after))
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError> {
        let tables = self.tables()?;
        let found = tables.conversation(tenant, id);
        Ok(found.map(|row| (row.conversation.clone(), newest(&row.messages, limit).to_vec())))
    }

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.tables()?.conversation(tenant, id).is_some())
    }

    async fn rename_conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        title: &str,
    ) -> Result<Option<Conversation>, StoreError> {
        let mut tables = self.tables()?;
        let found = tables.conversations.get_mut(&id).filter(|row| row.tenant == *tenant);
        Ok(found.map(|row| {
            row.conversation.title = text(title);
            row.conversation.clone()
        }))
    }

    async fn delete_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let found = tables.conversation(tenant, id).is_some();
        if found {
            tables.conversations.remove(&id);
        }
        Ok(found)
    }
}
