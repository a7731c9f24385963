//! Ended jobs; and the end of a job that is cancelled before it is due.

use async_trait::async_trait;
use ruche_schemas::{EventType, JobId, JobRef, TenantId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait, sea_query::OnConflict,
};
use serde_json::Value;

use super::{batches, fences, groups, handle::Postgres, locks};
use crate::{
    entities::jobs::{self, Column},
    error::{StoreError, readable},
    groups::Batch,
    jobs::{EndedFilter, EndedJob, Jobs},
};

#[async_trait]
impl Jobs for Postgres {
    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
        find(&self.db, job).await
    }

    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError> {
        let mine = jobs::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
        let mut page = mine.clone();
        if let Some(JobId(id)) = after {
            let Some(last) = mine.filter(Column::Id.eq(id)).one(&self.db).await? else { return Ok(None) };
            let older = Condition::any()
                .add(Column::CreatedAt.lt(last.created_at))
                .add(Condition::all().add(Column::CreatedAt.eq(last.created_at)).add(Column::Id.lt(id)));
            page = page.filter(older);
        }
        if let Some(kind) = &filter.kind {
            page = page.filter(Column::Kind.eq(kind.as_str()));
        }
        if let Some(state) = filter.state {
            page = page.filter(Column::State.eq(state.as_str()));
        }
        if let Some(batch) = filter.batch {
            page = page.filter(Column::GroupId.eq(batch));
        }
        let rows = page.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit).all(&self.db).await?;
        rows.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError> {
        let ids = jobs.iter().map(|job| job.0);
        let related = Condition::any().add(Column::Id.is_in(ids.clone())).add(Column::Parent.is_in(ids));
        let mine = jobs::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
        mine.filter(related).limit(limit).all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError> {
        let transaction = self.db.begin().await?;
        locks::jobs(&transaction, [job.job.id]).await?;
        let ended = OnConflict::column(Column::Id).do_nothing().to_owned();
        let inserted =
            jobs::Entity::insert(cancelled(job)).on_conflict(ended).exec_without_returning(&transaction).await?;
        let batch = match job.group {
            Some(group) => batches::find(&transaction, &job.job.tenant, group).await?.map(|batch| batch.id),
            None => None,
        };
        if let Some(batch) = batch.filter(|_| inserted > 0) {
            groups::add(&transaction, groups::Change::cancelled(batch, &job.job.tenant, job.ended_at)).await?;
        }
        transaction.commit().await?;
        match batch {
            Some(batch) => batches::find(&self.db, &job.job.tenant, batch).await,
            None => Ok(None),
        }
    }
}

fn cancelled(job: &EndedJob) -> jobs::ActiveModel {
    jobs::ActiveModel {
        id: Set(job.job.id.0),
        tenant: Set(job.job.tenant.as_str().into()),
        kind: Set(job.kind.to_string()),
        lane: Set(job.lane.to_string()),
        attempt: Set(fences::number(job.attempt.max(1))),
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
    }
}

pub(super) async fn find(db: &impl ConnectionTrait, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
    let mine = Column::Tenant.eq(job.tenant.as_str());
    jobs::Entity::find_by_id(job.id.0).filter(mine).one(db).await?.map(read).transpose()
}

pub(super) fn read(row: jobs::Model) -> Result<EndedJob, StoreError> {
    let state = match row.state.as_str() {
        "done" => EventType::Done,
        "failed" => EventType::Failed,
        "cancelled" => EventType::Cancelled,
        other => return Err(StoreError::unreadable("jobs.state", format!("{other:?}"))),
    };
    let children = row.children.map(serde_json::from_value).transpose();
    Ok(EndedJob {
        job: JobRef { tenant: readable("jobs.tenant", row.tenant.parse())?, id: JobId(row.id) },
        kind: readable("jobs.kind", row.kind.parse())?,
        lane: readable("jobs.lane", row.lane.parse())?,
        attempt: readable("jobs.attempt", row.attempt.try_into())?,
        state,
        data: row.data.unwrap_or(Value::Null),
        claim: readable("jobs.claim", row.claim.map(serde_json::from_value).transpose())?,
        objects: row.objects,
        created_at: row.created_at,
        ended_at: row.ended_at,
        trace_id: row.trace_id,
        root: row.root.map(JobId),
        parent: row.parent.map(JobId),
        group: row.group_id,
        children: readable("jobs.children", children)?.unwrap_or_default(),
    })
}
