//! Which jobs have objects: their rows stay until the objects are gone.

use crate::entities::jobs;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::error::explain;
use crate::ledger::LedgerError;

/// Jobs with objects that ended before, the oldest first.
pub(super) async fn holding(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<JobRef>, LedgerError> {
    let rows = jobs::Entity::find()
        .select_only()
        .columns([jobs::Column::Id, jobs::Column::Tenant])
        .filter(jobs::Column::Objects.eq(true))
        .filter(jobs::Column::EndedAt.lt(before))
        .order_by_asc(jobs::Column::EndedAt)
        .limit(limit);
    let rows: Vec<(Uuid, String)> = rows.into_tuple().all(db).await.map_err(explain)?;
    let job = |(id, tenant): (Uuid, String)| {
        let unreadable = |error| LedgerError::Unavailable(format!("the row of job {id} can't be read: {error}"));
        Ok(JobRef { tenant: tenant.parse().map_err(unreadable)?, id: JobId(id) })
    };
    rows.into_iter().map(job).collect()
}

/// Notes that these jobs have no objects any more.
pub(super) async fn released(db: &impl ConnectionTrait, gone: &[JobRef]) -> Result<(), LedgerError> {
    let update = jobs::Entity::update_many()
        .col_expr(jobs::Column::Objects, Expr::value(false))
        .filter(jobs::Column::Id.is_in(gone.iter().map(|job| job.id.0)));
    update.exec(db).await.map(drop).map_err(explain)
}
