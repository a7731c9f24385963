//! A store in memory: forgets everything with the process, and can be told to fail. For tests.

mod bots;
mod collections;
mod files;
pub mod ledger;
mod models;
mod search;
pub mod templates;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{EventType, JobId, JobRef, TenantId, flow::Template};

use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    bots::StoredBot,
    collections::Collection,
    files::{StoredDocument, TemplateVersion},
    jobs::{Batch, Conversation, EndedFilter, EndedJob, Role, Store, StoreError, StoredKey, StoredMessage},
    keys::ApiKey,
    models::Model,
    search::Searchable,
};

pub use search::StoredChunk;

/// The store.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    keys: BTreeMap<String, StoredKey>,
    jobs: Vec<EndedJob>,
    conversations: Vec<(TenantId, Conversation, Vec<StoredMessage>)>,
    batches: Vec<(Batch, BTreeSet<JobId>)>,
    documents: Vec<StoredDocument>,
    templates: Vec<(TenantId, TemplateVersion, Vec<u8>)>,
    bots: BTreeMap<(TenantId, String), StoredBot>,
    collections: Vec<(TenantId, Collection)>,
    corpus: Vec<collections::Held>,
    models: Vec<Model>,
    searchable: Vec<(TenantId, Searchable)>,
    chunks: Vec<StoredChunk>,
    failing: bool,
    stop: Option<Arc<Barrier>>,
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

    /// Lets whoever looks for a job next wait here twice before it looks.
    pub fn stop_at(&self, barrier: Arc<Barrier>) {
        self.lock().stop = Some(barrier);
    }

    /// Takes a key back.
    pub fn revoke(&self, id: &str) {
        self.lock().keys.remove(id);
    }

    /// Keeps an ended job, and counts it in its batch.
    pub fn put_job(&self, job: EndedJob) {
        self.lock().end(job);
    }

    /// Keeps a document.
    pub fn put_document(&self, document: StoredDocument) {
        self.lock().documents.push(document);
    }

    /// Keeps a conversation with its messages.
    pub fn put_conversation(&self, tenant: TenantId, conversation: Conversation, messages: Vec<StoredMessage>) {
        self.lock().conversations.push((tenant, conversation, messages));
    }
}

impl Tables {
    fn end(&mut self, job: EndedJob) {
        if self.jobs.iter().any(|ended| ended.job.id == job.job.id) {
            return;
        }
        if let Some((batch, _)) = self.batches.iter_mut().find(|(batch, _)| Some(batch.id) == job.group) {
            match job.state {
                EventType::Done => batch.done += 1,
                EventType::Failed => batch.failed += 1,
                _ => batch.cancelled += 1,
            }
            batch.ended_at = batch.is_complete().then_some(job.ended_at);
        }
        self.jobs.push(job);
    }

    fn batch(&self, tenant: &TenantId, id: Uuid) -> Option<Batch> {
        let (batch, jobs) = self.batches.iter().find(|(batch, _)| batch.id == id && batch.tenant == *tenant)?;
        let total = if batch.closed { batch.total } else { jobs.len() as u64 };
        Some(Batch { total, ..batch.clone() })
    }
}

/// Those after the named one; `None` where there is none of that name.
fn page<T, I: PartialEq>(all: Vec<T>, id: impl Fn(&T) -> I, limit: u64, after: Option<I>) -> Option<Vec<T>> {
    let from = match after {
        None => 0,
        Some(after) => all.iter().position(|one| id(one) == after)? + 1,
    };
    Some(all.into_iter().skip(from).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

#[async_trait]
impl Store for Memory {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        Ok(self.tables()?.keys.get(id).cloned())
    }

    async fn create_key(&self, tenant: &TenantId, _name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError> {
        let stored = StoredKey { id: key.id.to_owned(), tenant: tenant.clone(), role, hash: key.hash().to_vec() };
        self.tables()?.keys.insert(stored.id.clone(), stored);
        Ok(())
    }

    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
        let stop = self.lock().stop.take();
        if let Some(barrier) = stop {
            barrier.wait().await;
            barrier.wait().await;
        }
        Ok(self.tables()?.jobs.iter().find(|ended| ended.job == *job).cloned())
    }

    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError> {
        let mut all: Vec<EndedJob> =
            self.tables()?.jobs.iter().filter(|job| job.job.tenant == *tenant).cloned().collect();
        all.sort_by_key(|job| std::cmp::Reverse((job.created_at, job.job.id)));
        let wanted = |job: &EndedJob| {
            filter.kind.as_ref().is_none_or(|kind| *kind == job.kind)
                && filter.state.is_none_or(|state| state == job.state)
                && filter.batch.is_none_or(|batch| Some(batch) == job.group)
        };
        let mut rest = page(all, |job| job.job.id, u64::MAX, after);
        if let Some(rest) = &mut rest {
            rest.retain(wanted);
            rest.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(rest)
    }

    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError> {
        let tables = self.tables()?;
        let mine = tables.jobs.iter().filter(|job| job.job.tenant == *tenant);
        let related =
            mine.filter(|job| jobs.contains(&job.job.id) || job.parent.is_some_and(|parent| jobs.contains(&parent)));
        Ok(related.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError> {
        let mut tables = self.tables()?;
        tables.end(job.clone());
        Ok(job.group.and_then(|group| tables.batch(&job.job.tenant, group)))
    }

    async fn create_batch(
        &self,
        tenant: &TenantId,
        id: Uuid,
        callback: Option<&Template>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let batch = Batch {
            id,
            tenant: tenant.clone(),
            total: 0,
            closed: false,
            done: 0,
            failed: 0,
            cancelled: 0,
            callback: callback.cloned(),
            created_at: at,
            ended_at: None,
        };
        self.tables()?.batches.push((batch, BTreeSet::new()));
        Ok(())
    }

    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError> {
        if let Some((_, all)) = self.tables()?.batches.iter_mut().find(|(known, _)| known.id == batch) {
            all.extend(jobs);
        }
        Ok(())
    }

    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError> {
        let mut tables = self.tables()?;
        let ended: Vec<JobId> = tables.jobs.iter().filter(|job| job.group == Some(id)).map(|job| job.job.id).collect();
        let mine = |(batch, _): &&mut (Batch, BTreeSet<JobId>)| batch.id == id && batch.tenant == *tenant;
        if let Some((batch, jobs)) = tables.batches.iter_mut().find(mine)
            && !batch.closed
        {
            jobs.extend(ended);
            (batch.total, batch.closed) = (jobs.len() as u64, true);
            batch.ended_at = batch.is_complete().then_some(at);
        }
        Ok(tables.batch(tenant, id))
    }

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
        Ok(self.tables()?.batch(tenant, id))
    }

    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError> {
        let tables = self.tables()?;
        let mut all: Vec<Batch> =
            tables.batches.iter().filter_map(|(batch, _)| tables.batch(tenant, batch.id)).collect();
        all.sort_by_key(|batch| std::cmp::Reverse((batch.created_at, batch.id)));
        Ok(page(all, |batch| batch.id, limit, after))
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
        Ok(page(all, |c| c.id, limit, after))
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
