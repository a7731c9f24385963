//! The tables in memory, behind one lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId};
use tokio::sync::Barrier;
use uuid::Uuid;

use super::rows::{CollectionRow, ConversationRow, DocumentRow, GroupRow, JobRow};
use crate::{
    bots::StoredBot, error::StoreError, files::StoredFile, health::Health, keys::StoredKey, ledger::Usage,
    models::EmbeddingModel, templates::TemplateVersion,
};

/// One lock for all tables, so that calls are serialized.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Tables>);

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) keys: BTreeMap<String, StoredKey>,
    pub(super) jobs: HashMap<JobId, JobRow>,
    pub(super) fences: HashMap<JobRef, (u32, DateTime<Utc>)>,
    pub(super) groups: HashMap<Uuid, GroupRow>,
    pub(super) conversations: HashMap<Uuid, ConversationRow>,
    pub(super) messages: i64,
    pub(super) usage: HashMap<JobId, Usage>,
    pub(super) files: Vec<StoredFile>,
    pub(super) templates: Vec<(TenantId, TemplateVersion, Bytes)>,
    pub(super) bots: BTreeMap<(TenantId, String), StoredBot>,
    pub(super) collections: BTreeMap<(TenantId, String), CollectionRow>,
    pub(super) documents: HashMap<Uuid, DocumentRow>,
    pub(super) tombstones: HashMap<Uuid, DateTime<Utc>>,
    pub(super) models: BTreeMap<i32, EmbeddingModel>,
    pub(super) chunks: i64,
    pub(super) failing: bool,
    pub(super) stop: Option<Arc<Barrier>>,
}

impl Memory {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.lock();
        match tables.failing {
            true => Err(StoreError::Unavailable("told to fail".into())),
            false => Ok(tables),
        }
    }

    /// Ignores poisoning: no change spans a panic, so the state is always consistent.
    pub(super) fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fail(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// Makes the next lookup of a job wait here twice before it reads.
    pub fn stop_at(&self, barrier: Arc<Barrier>) {
        self.lock().stop = Some(barrier);
    }
}

/// The items after the one with this id; `None` if there is no such item.
pub(super) fn page<T, I: PartialEq>(all: Vec<T>, id: impl Fn(&T) -> I, limit: u64, after: Option<I>) -> Option<Vec<T>> {
    let from = match after {
        None => 0,
        Some(after) => all.iter().position(|one| id(one) == after)? + 1,
    };
    Some(all.into_iter().skip(from).take(size(limit)).collect())
}

pub(super) fn size(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl Health for Memory {
    async fn ready(&self) -> Result<(), StoreError> {
        self.tables().map(drop)
    }
}
