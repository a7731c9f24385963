//! Batches: rows of `groups` that a gateway makes and closes, and that workers count in.
//!
//! Closing and counting change the same row, one after the other, so one of the two sees the batch complete.

use crate::entities::{batch_jobs, groups, jobs};
use chrono::{DateTime, Utc};
use ruche_schemas::{EventType, JobId, TenantId, flow::Template};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
    sea_query::{Expr, ExprTrait, LockType, OnConflict},
};
use uuid::Uuid;

use super::gateway::unreadable;
use crate::jobs::{Batch, EndedJob, StoreError};

pub(super) async fn create(
    db: &DatabaseConnection,
    tenant: &TenantId,
    id: Uuid,
    callback: Option<&Template>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = groups::ActiveModel {
        id: Set(id),
        tenant: Set(tenant.as_str().into()),
        expected: Set(None),
        done: Set(0),
        failed: Set(0),
        cancelled: Set(0),
        callback: Set(unreadable("the callback", callback.map(serde_json::to_value).transpose())?),
        batch: Set(true),
        created_at: Set(at),
        ended_at: Set(None),
    };
    groups::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn add(db: &DatabaseConnection, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let rows = jobs.iter().map(|job| batch_jobs::ActiveModel { batch: Set(batch), job: Set(job.0) });
    let known = OnConflict::columns([batch_jobs::Column::Batch, batch_jobs::Column::Job]).do_nothing().to_owned();
    batch_jobs::Entity::insert_many(rows).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// The ids of the jobs that ended in a batch and that were not added to it: their gateway died in between.
async fn unknown(db: &impl ConnectionTrait, id: Uuid) -> Result<u64, StoreError> {
    #[derive(FromQueryResult)]
    struct Count {
        jobs: i64,
    }
    let sql = "SELECT count(*) AS jobs FROM jobs WHERE group_id = $1 \
               AND NOT EXISTS (SELECT 1 FROM batch_jobs WHERE batch = $1 AND job = jobs.id)";
    let statement = sea_orm::Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, sql, [id.into()]);
    let count = Count::find_by_statement(statement).one(db).await?;
    Ok(count.map_or(0, |count| u64::try_from(count.jobs).unwrap_or(0)))
}

async fn added(db: &impl ConnectionTrait, id: Uuid) -> Result<u64, StoreError> {
    Ok(batch_jobs::Entity::find().filter(batch_jobs::Column::Batch.eq(id)).count(db).await?)
}

pub(super) async fn close(
    db: &DatabaseConnection,
    tenant: &TenantId,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<Batch>, StoreError> {
    let transaction = db.begin().await?;
    let row = mine(tenant, id).lock(LockType::Update).one(&transaction).await?;
    let Some(mut row) = row else { return Ok(None) };
    if row.expected.is_none() {
        let total = added(&transaction, id).await? + unknown(&transaction, id).await?;
        row.expected = Some(unreadable("groups.expected", i32::try_from(total))?);
        let complete = row.done + row.failed + row.cancelled >= row.expected.unwrap_or_default();
        row.ended_at = complete.then_some(at);
        groups::Entity::update_many()
            .col_expr(groups::Column::Expected, Expr::value(row.expected))
            .col_expr(groups::Column::EndedAt, Expr::value(row.ended_at))
            .filter(groups::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    view(db, row).await.map(Some)
}

pub(super) async fn find(db: &DatabaseConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
    match mine(tenant, id).one(db).await? {
        Some(row) => view(db, row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn list(
    db: &DatabaseConnection,
    tenant: &TenantId,
    limit: u64,
    after: Option<Uuid>,
) -> Result<Option<Vec<Batch>>, StoreError> {
    use groups::Column::{Batch as IsBatch, CreatedAt, Id, Tenant};
    let mut page = groups::Entity::find().filter(Tenant.eq(tenant.as_str())).filter(IsBatch.eq(true));
    if let Some(id) = after {
        let Some(last) = mine(tenant, id).one(db).await? else { return Ok(None) };
        let older = Condition::any()
            .add(CreatedAt.lt(last.created_at))
            .add(Condition::all().add(CreatedAt.eq(last.created_at)).add(Id.lt(id)));
        page = page.filter(older);
    }
    let rows = page.order_by_desc(CreatedAt).order_by_desc(Id).limit(limit).all(db).await?;
    let mut batches = Vec::with_capacity(rows.len());
    for row in rows {
        batches.push(view(db, row).await?);
    }
    Ok(Some(batches))
}

pub(super) async fn put_cancelled(db: &DatabaseConnection, job: &EndedJob) -> Result<Option<Batch>, StoreError> {
    let transaction = db.begin().await?;
    let row = jobs::ActiveModel {
        id: Set(job.job.id.0),
        tenant: Set(job.job.tenant.as_str().into()),
        kind: Set(job.kind.to_string()),
        lane: Set(job.lane.to_string()),
        attempt: Set(unreadable("the attempt", Ord::max(job.attempt, 1).try_into())?),
        state: Set(EventType::Cancelled.as_str().into()),
        data: Set(None),
        created_at: Set(job.created_at),
        ended_at: Set(job.ended_at),
        trace_id: Set(job.trace_id.clone()),
        root: Set(job.root.map(|job| job.0)),
        parent: Set(job.parent.map(|job| job.0)),
        group_id: Set(job.group),
        group_index: Set(None),
        children: Set(None),
        claim: Set(None),
        objects: Set(job.objects),
    };
    let ended = OnConflict::column(jobs::Column::Id).do_nothing().to_owned();
    let inserted = jobs::Entity::insert(row).on_conflict(ended).exec_without_returning(&transaction).await?;
    let Some(group) = job.group else {
        transaction.commit().await?;
        return Ok(None);
    };
    let found = mine(&job.job.tenant, group).lock(LockType::Update).one(&transaction).await?;
    let Some(mut row) = found else {
        transaction.commit().await?;
        return Ok(None);
    };
    if inserted > 0 {
        row.cancelled += 1;
        if row.expected.is_some_and(|expected| row.done + row.failed + row.cancelled >= expected) {
            row.ended_at = Some(job.ended_at);
        }
        groups::Entity::update_many()
            .col_expr(groups::Column::Cancelled, Expr::col(groups::Column::Cancelled).add(1))
            .col_expr(groups::Column::EndedAt, Expr::value(row.ended_at))
            .filter(groups::Column::Id.eq(group))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    view(db, row).await.map(Some)
}

fn mine(tenant: &TenantId, id: Uuid) -> sea_orm::Select<groups::Entity> {
    let mine = groups::Entity::find_by_id(id).filter(groups::Column::Tenant.eq(tenant.as_str()));
    mine.filter(groups::Column::Batch.eq(true))
}

async fn view(db: &impl ConnectionTrait, row: groups::Model) -> Result<Batch, StoreError> {
    let number = |column, value: i32| unreadable(column, u64::try_from(value));
    let total = match row.expected {
        Some(expected) => number("groups.expected", expected)?,
        None => added(db, row.id).await?,
    };
    Ok(Batch {
        id: row.id,
        tenant: unreadable("groups.tenant", row.tenant.parse())?,
        total,
        closed: row.expected.is_some(),
        done: number("groups.done", row.done)?,
        failed: number("groups.failed", row.failed)?,
        cancelled: number("groups.cancelled", row.cancelled)?,
        callback: unreadable("groups.callback", row.callback.map(serde_json::from_value).transpose())?,
        created_at: row.created_at,
        ended_at: row.ended_at,
    })
}
