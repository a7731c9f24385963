//! The ledger: one row per ended job, written once; and retention.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, TransactionTrait,
    sea_query::Expr,
};
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
    error::{StoreError, readable},
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

    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError> {
        self.call("select", "jobs", holding(&self.db, before, limit)).await
    }

    async fn released(&self, gone: &[JobRef]) -> Result<(), StoreError> {
        let update = jobs::Entity::update_many()
            .col_expr(Column::Objects, Expr::value(false))
            .filter(Column::Id.is_in(gone.iter().map(|job| job.id.0)));
        self.call("update", "jobs", async { Ok(update.exec(&self.db).await.map(drop)?) }).await
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        self.call("delete", "jobs", purge(&self.db, before, limit)).await
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

/// Ended jobs that have objects, oldest first.
async fn holding(db: &impl ConnectionTrait, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError> {
    let rows = jobs::Entity::find()
        .select_only()
        .columns([Column::Id, Column::Tenant])
        .filter(Column::Objects.eq(true))
        .filter(Column::EndedAt.lt(before))
        .order_by_asc(Column::EndedAt)
        .limit(limit);
    let rows: Vec<(Uuid, String)> = rows.into_tuple().all(db).await?;
    let job =
        |(id, tenant): (Uuid, String)| Ok(JobRef { tenant: readable("jobs.tenant", tenant.parse())?, id: JobId(id) });
    rows.into_iter().map(job).collect()
}

/// Oldest rows first, skipping those that a concurrent purge has locked.
const PURGE: [&str; 4] = [
    "DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs WHERE ended_at < $1 AND NOT objects ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM job_fences WHERE (job, tenant) IN (
        SELECT job, tenant FROM job_fences WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM groups WHERE id IN (
        SELECT id FROM groups WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM document_tombstones WHERE document_id IN (
        SELECT document_id FROM document_tombstones WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
];

/// Each statement is a transaction of its own.
async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut gone = 0;
    for purge in PURGE {
        let values = [before.into(), limit.into()];
        let purge = Statement::from_sql_and_values(db.get_database_backend(), purge, values);
        gone += db.execute_raw(purge).await?.rows_affected();
    }
    Ok(gone)
}
