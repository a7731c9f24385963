//! The ledger: one row per ended job, written once.

use async_trait::async_trait;
use ruche_schemas::{JobId, JobRef, TenantId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait};
use uuid::Uuid;

use super::{
    fences, groups,
    handle::{INDEXING, Postgres},
    indexing,
    jobs::read,
    locks,
    rows::{row, stored},
};
use crate::{
    entities::jobs::{self, Column},
    error::StoreError,
    groups::Group,
    ledger::{Committed, Ended, Ledger, Stored},
};

#[async_trait]
impl Ledger for Postgres {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        let fence = async {
            let transaction = self.db.begin().await?;
            locks::jobs(&transaction, [job.id]).await?;
            let stored = stored(&transaction, job).await?;
            if stored.is_none() {
                fences::raise(&transaction, job, attempt).await?;
            }
            transaction.commit().await?;
            Ok(stored)
        };
        self.call("fence", "job_fences", fence).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        if !indexing::is_one(ended) {
            let row = row(ended)?;
            return self.call("commit", "jobs", self.commits.commit(ended, row)).await;
        }
        let write = async {
            let _turn = self.indexing.acquire().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            indexing::commit(&self.db, ended).await
        };
        self.call_within(INDEXING, "commit", "documents", write).await
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.call("select", "jobs", stored(&self.db, job)).await
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        self.call("select", "groups", groups::find(&self.db, tenant, group)).await
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        self.call("select", "jobs", members(&self.db, tenant, group, limit)).await
    }
}

async fn members(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    group: Uuid,
    limit: u64,
) -> Result<Vec<(JobId, Stored)>, StoreError> {
    let members = jobs::Entity::find()
        .filter(Column::GroupId.eq(group))
        .filter(Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(Column::GroupIndex)
        .order_by_asc(Column::Id)
        .limit(limit);
    let rows = members.all(db).await?;
    rows.into_iter().map(|row| Ok((JobId(row.id), read(row)?.try_into()?))).collect()
}
