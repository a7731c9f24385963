//! Retention: objects of ended jobs are found and recorded as deleted, rows are purged in small steps.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::handle::Postgres;
use crate::{
    entities::jobs::{self, Column},
    error::{StoreError, readable},
    retention::Retention,
};

#[async_trait]
impl Retention for Postgres {
    async fn jobs_with_objects(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError> {
        self.call("select", "jobs", jobs_with_objects(&self.db, before, limit)).await
    }

    async fn objects_deleted(&self, gone: &[JobRef]) -> Result<(), StoreError> {
        let update = jobs::Entity::update_many()
            .col_expr(Column::Objects, Expr::value(false))
            .filter(Column::Id.is_in(gone.iter().map(|job| job.id.0)));
        self.call("update", "jobs", async { Ok(update.exec(&self.db).await.map(drop)?) }).await
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        self.call("delete", "jobs", purge(&self.db, before, limit)).await
    }
}

/// Ended jobs that have objects, oldest first.
async fn jobs_with_objects(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<JobRef>, StoreError> {
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
