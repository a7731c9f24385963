//! Fences: the latest attempt of each job that was delivered more than once; our own, because they share the
//! transaction of the job's row.

use crate::entities::job_fences;
use ruche_schemas::{JobRef, clock};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, EntityTrait,
    sea_query::{Expr, Func, OnConflict},
};

use crate::error::StoreError;

/// Raises the fence to this attempt; never lowers it.
pub(super) async fn raise(db: &impl ConnectionTrait, job: &JobRef, attempt: u32) -> Result<(), StoreError> {
    let row = job_fences::ActiveModel {
        job: Set(job.id.0),
        tenant: Set(job.tenant.as_str().to_owned()),
        attempt: Set(number(attempt)),
        at: Set(clock::now()),
    };
    let key = [job_fences::Column::Job, job_fences::Column::Tenant];
    let highest = Func::greatest([
        Expr::col((job_fences::Entity, job_fences::Column::Attempt)),
        Expr::col(("excluded", job_fences::Column::Attempt)),
    ]);
    let raise = OnConflict::columns(key).value(job_fences::Column::Attempt, highest).to_owned();
    job_fences::Entity::insert(row).on_conflict(raise).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn find(db: &impl ConnectionTrait, job: &JobRef) -> Result<Option<u32>, StoreError> {
    let key = (job.id.0, job.tenant.as_str().to_owned());
    let row = job_fences::Entity::find_by_id(key).one(db).await?;
    Ok(row.map(|row| u32::try_from(row.attempt).unwrap_or_default()))
}

/// Saturates, though no server delivers that often.
pub(super) fn number(attempt: u32) -> i32 {
    i32::try_from(attempt).unwrap_or(i32::MAX)
}
