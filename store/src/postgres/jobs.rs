//! Jobs that have ended, as workers committed them.

use crate::entities::jobs::{self, Column};
use ruche_schemas::{EventType, JobId, JobRef, TenantId};
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::gateway::unreadable;
use crate::jobs::{EndedFilter, EndedJob, StoreError};

pub(super) async fn find(db: &DatabaseConnection, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
    let mine = Column::Tenant.eq(job.tenant.as_str());
    jobs::Entity::find_by_id(job.id.0).filter(mine).one(db).await?.map(ended).transpose()
}

pub(super) async fn list(
    db: &DatabaseConnection,
    tenant: &TenantId,
    filter: &EndedFilter,
    limit: u64,
    after: Option<JobId>,
) -> Result<Option<Vec<EndedJob>>, StoreError> {
    let mine = jobs::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
    let mut page = mine.clone();
    if let Some(JobId(id)) = after {
        let Some(last) = mine.filter(Column::Id.eq(id)).one(db).await? else { return Ok(None) };
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
    let rows = page.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(ended).collect::<Result<_, _>>().map(Some)
}

pub(super) async fn family(
    db: &DatabaseConnection,
    tenant: &TenantId,
    jobs: &[JobId],
    limit: u64,
) -> Result<Vec<EndedJob>, StoreError> {
    let ids = jobs.iter().map(|job| job.0);
    let related = Condition::any().add(Column::Id.is_in(ids.clone())).add(Column::Parent.is_in(ids));
    let mine = jobs::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
    mine.filter(related).limit(limit).all(db).await?.into_iter().map(ended).collect()
}

fn ended(row: jobs::Model) -> Result<EndedJob, StoreError> {
    let state = match row.state.as_str() {
        "done" => EventType::Done,
        "failed" => EventType::Failed,
        "cancelled" => EventType::Cancelled,
        other => return Err(StoreError(format!("jobs.state can't be read: {other:?}"))),
    };
    let children = row.children.map(serde_json::from_value).transpose();
    Ok(EndedJob {
        job: JobRef { tenant: unreadable("jobs.tenant", row.tenant.parse())?, id: JobId(row.id) },
        kind: unreadable("jobs.kind", row.kind.parse())?,
        lane: unreadable("jobs.lane", row.lane.parse())?,
        attempt: unreadable("jobs.attempt", row.attempt.try_into())?,
        state,
        data: row.data.unwrap_or(Value::Null),
        claim: unreadable("jobs.claim", row.claim.map(serde_json::from_value).transpose())?,
        objects: row.objects,
        created_at: row.created_at,
        ended_at: row.ended_at,
        trace_id: row.trace_id,
        root: row.root.map(JobId),
        parent: row.parent.map(JobId),
        group: row.group_id,
        children: unreadable("jobs.children", children)?.unwrap_or_default(),
    })
}
