//! The ledger of a worker's life: its calls fail as the seed says.

use async_trait::async_trait;
use ruche_schemas::{JobId, JobRef, TenantId};
use ruche_store::{
    Health, StoreError,
    groups::Group,
    ledger::{Committed, Ended, Ledger, Stored},
};
use uuid::Uuid;

use super::faults::Life;

impl Life {
    async fn on_ledger<T>(
        &self,
        call: &'static str,
        job: JobId,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.call(call, job, || StoreError::Unavailable("injected".to_owned()), work).await
    }
}

#[async_trait]
impl Ledger for Life {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        self.on_ledger("fence", job.id, self.world.ledger.fence(job, attempt)).await
    }
    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        self.on_ledger("commit", ended.job.id, self.world.ledger.commit(ended)).await
    }
    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.on_ledger("ended", job.id, self.world.ledger.ended(job)).await
    }
    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        self.on_ledger("group", JobId(group), self.world.ledger.group(tenant, group)).await
    }
    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        self.on_ledger("members", JobId(group), self.world.ledger.members(tenant, group, limit)).await
    }
}

#[async_trait]
impl Health for Life {
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
