//! A ledger that gives each job a transaction of its own, to measure what sharing them gains.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId, config};
use ruche_workers::{
    adapters::postgres::Postgres,
    ports::ledger::{Committed, Ended, Group, Ledger, LedgerError, Stored},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Writers side by side: each has one commit at a time, so it has none to share a transaction with.
const WRITERS: usize = 16;

/// Commits one by one.
pub struct Alone {
    writers: Vec<Mutex<Postgres>>,
    turn: AtomicUsize,
}

impl Alone {
    pub fn connect(settings: &config::Postgres) -> Result<Self> {
        let settings = config::Postgres { connections: 1, ..settings.clone() };
        let writers = (0..WRITERS).map(|_| Ok(Mutex::new(Postgres::connect(&settings)?)));
        Ok(Self { writers: writers.collect::<Result<_>>()?, turn: AtomicUsize::new(0) })
    }

    async fn one(&self) -> tokio::sync::MutexGuard<'_, Postgres> {
        self.writers[self.turn.fetch_add(1, Ordering::Relaxed) % WRITERS].lock().await
    }
}

#[async_trait]
impl Ledger for Alone {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        self.one().await.fence(job, attempt).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        self.one().await.commit(ended).await
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
        self.one().await.ended(job).await
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, LedgerError> {
        self.one().await.group(tenant, group).await
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, LedgerError> {
        self.one().await.members(tenant, group, limit).await
    }

    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, LedgerError> {
        self.one().await.holding(before, limit).await
    }

    async fn released(&self, jobs: &[JobRef]) -> Result<(), LedgerError> {
        self.one().await.released(jobs).await
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, LedgerError> {
        self.one().await.purge(before, limit).await
    }

    async fn ready(&self) -> Result<(), LedgerError> {
        self.one().await.ready().await
    }
}
