//! A store in memory: forgets everything with the process, and can be told to fail. For tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ruche_schemas::{JobRef, TenantId};
use uuid::Uuid;

use crate::{
    keys::ApiKey,
    ports::{Conversation, EndedJob, Store, StoreError, StoredKey, StoredMessage},
};

/// The store.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    keys: BTreeMap<String, StoredKey>,
    jobs: Vec<EndedJob>,
    conversations: Vec<(TenantId, Conversation, Vec<StoredMessage>)>,
    failing: bool,
}

impl Memory {
    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.lock();
        match tables.failing {
            true => Err(StoreError("told to fail".into())),
            false => Ok(tables),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets every call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// Takes a key back.
    pub fn revoke(&self, id: &str) {
        self.lock().keys.remove(id);
    }

    /// Keeps an ended job.
    pub fn put_job(&self, job: EndedJob) {
        self.lock().jobs.push(job);
    }

    /// Keeps a conversation with its messages.
    pub fn put_conversation(&self, tenant: TenantId, conversation: Conversation, messages: Vec<StoredMessage>) {
        self.lock().conversations.push((tenant, conversation, messages));
    }
}

#[async_trait]
impl Store for Memory {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        Ok(self.tables()?.keys.get(id).cloned())
    }

    async fn create_key(&self, tenant: &TenantId, _name: &str, key: ApiKey<'_>) -> Result<(), StoreError> {
        let stored = StoredKey { id: key.id.to_owned(), tenant: tenant.clone(), hash: key.hash().to_vec() };
        self.tables()?.keys.insert(stored.id.clone(), stored);
        Ok(())
    }

    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
        Ok(self.tables()?.jobs.iter().find(|ended| ended.job == *job).cloned())
    }

    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError> {
        let tables = self.tables()?;
        let mut all: Vec<Conversation> =
            tables.conversations.iter().filter(|(owner, ..)| owner == tenant).map(|(_, c, _)| c.clone()).collect();
        all.sort_by_key(|c| std::cmp::Reverse((c.updated_at, c.id)));
        let from = match after {
            None => 0,
            Some(id) => match all.iter().position(|c| c.id == id) {
                Some(position) => position + 1,
                None => return Ok(None),
            },
        };
        Ok(Some(all.into_iter().skip(from).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()))
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError> {
        let tables = self.tables()?;
        let found = tables.conversations.iter().find(|(owner, c, _)| owner == tenant && c.id == id);
        Ok(found.map(|(_, conversation, messages)| {
            let skip = messages.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
            (conversation.clone(), messages[skip..].to_vec())
        }))
    }

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.tables()?.conversations.iter().any(|(owner, c, _)| owner == tenant && c.id == id))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.tables().map(drop)
    }
}
