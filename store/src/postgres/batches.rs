//! Batches: rows of `groups` that a gateway creates and closes, and in which workers count. Closing and counting
//! update the same row one after the other, so one of the two sees the batch complete.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, TenantId, flow::Template};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, TransactionTrait,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::{
    groups::{Change, add, counts},
    handle::Postgres,
};
use crate::{
    entities::{batch_jobs, groups, jobs},
    error::{StoreError, readable},
    groups::{Batch, Batches},
};

#[async_trait]
impl Batches for Postgres {
    async fn create_batch(
        &self,
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
            callback: Set(readable("the callback", callback.map(serde_json::to_value).transpose())?),
            batch: Set(true),
            created_at: Set(at),
            ended_at: Set(None),
        };
        groups::Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        let rows = jobs.iter().map(|job| batch_jobs::ActiveModel { batch: Set(batch), job: Set(job.0) });
        let known = OnConflict::columns([batch_jobs::Column::Batch, batch_jobs::Column::Job]).do_nothing().to_owned();
        batch_jobs::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError> {
        let transaction = self.db.begin().await?;
        let row = mine(tenant, id).lock(LockType::Update).one(&transaction).await?;
        let Some(row) = row else { return Ok(None) };
        if row.expected.is_none() {
            let total = added(&transaction, id).await? + unknown(&transaction, id).await?;
            add(&transaction, Change::closed(id, tenant, total, at)?).await?;
        }
        transaction.commit().await?;
        find(&self.db, tenant, id).await
    }

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
        find(&self.db, tenant, id).await
    }

    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError> {
        use groups::Column::{Batch as IsBatch, CreatedAt, Id, Tenant};
        let mut page = groups::Entity::find().filter(Tenant.eq(tenant.as_str())).filter(IsBatch.eq(true));
        if let Some(id) = after {
            let Some(last) = mine(tenant, id).one(&self.db).await? else { return Ok(None) };
            let older = Condition::any()
                .add(CreatedAt.lt(last.created_at))
                .add(Condition::all().add(CreatedAt.eq(last.created_at)).add(Id.lt(id)));
            page = page.filter(older);
        }
        let rows = page.order_by_desc(CreatedAt).order_by_desc(Id).limit(limit).all(&self.db).await?;
        let mut batches = Vec::with_capacity(rows.len());
        for row in rows {
            batches.push(read(&self.db, row).await?);
        }
        Ok(Some(batches))
    }
}

pub(super) async fn find(db: &impl ConnectionTrait, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
    match mine(tenant, id).one(db).await? {
        Some(row) => read(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// Number of jobs that ended in a batch without having been added, because their gateway died in between.
async fn unknown(db: &impl ConnectionTrait, id: Uuid) -> Result<u64, StoreError> {
    let known = batch_jobs::Entity::find()
        .select_only()
        .column(batch_jobs::Column::Job)
        .filter(batch_jobs::Column::Batch.eq(id))
        .into_query();
    let ended = jobs::Entity::find().filter(jobs::Column::GroupId.eq(id));
    Ok(ended.filter(jobs::Column::Id.not_in_subquery(known)).count(db).await?)
}

async fn added(db: &impl ConnectionTrait, id: Uuid) -> Result<u64, StoreError> {
    Ok(batch_jobs::Entity::find().filter(batch_jobs::Column::Batch.eq(id)).count(db).await?)
}

fn mine(tenant: &TenantId, id: Uuid) -> sea_orm::Select<groups::Entity> {
    let mine = groups::Entity::find_by_id(id).filter(groups::Column::Tenant.eq(tenant.as_str()));
    mine.filter(groups::Column::Batch.eq(true))
}

async fn read(db: &impl ConnectionTrait, row: groups::Model) -> Result<Batch, StoreError> {
    let total = match row.expected {
        Some(expected) => readable("groups.expected", expected.try_into())?,
        None => added(db, row.id).await?,
    };
    let [done, failed, cancelled] = counts(&row)?;
    Ok(Batch {
        id: row.id,
        tenant: readable("groups.tenant", row.tenant.parse())?,
        total,
        closed: row.expected.is_some(),
        done,
        failed,
        cancelled,
        callback: readable("groups.callback", row.callback.map(serde_json::from_value).transpose())?,
        created_at: row.created_at,
        ended_at: row.ended_at,
    })
}
