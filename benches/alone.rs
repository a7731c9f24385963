//! A ledger with a transaction per job, to measure the gain of shared ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use async_trait::async_trait;
use ruche_schemas::{JobId, JobRef, TenantId, config};
use ruche_store::{
    Health, StoreError,
    groups::Group,
    ledger::{Committed, Ended, Ledger, Stored},
    postgres::{Application, Postgres},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Concurrent writers: each has one commit at a time, so none shares a transaction.
const WRITERS: usize = 16;

pub struct Alone {
    writers: Vec<Mutex<Postgres>>,
    turn: AtomicUsize,
}

impl Alone {
    pub fn connect(settings: &config::Postgres) -> Result<Self> {
        let settings = config::Postgres { connections: 1, ..settings.clone() };
        let writers = (0..WRITERS).map(|_| Ok(Mutex::new(Postgres::connect(&settings, Application::WORKER)?)));
        Ok(Self { writers: writers.collect::<Result<_>>()?, turn: AtomicUsize::new(0) })
    }

    async fn one(&self) -> tokio::sync::MutexGuard<'_, Postgres> {
        self.writers[self.turn.fetch_add(1, Ordering::Relaxed) % WRITERS].lock().await
    }
}

#[async_trait]
impl Ledger for Alone {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        self.one().await.fence(job, attempt).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        self.one().await.commit(ended).await
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.one().await.ended(job).await
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        self.one().await.group(tenant, group).await
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        self.one().await.members(tenant, group, limit).await
    }
}

#[async_trait]
impl Health for Alone {
    async fn ready(&self) -> Result<(), StoreError> {
        self.one().await.ready().await
    }
}
