//! Rendered documents: one row each, beside the job's row.

use async_trait::async_trait;
use ruche_schemas::{Claim, JobId, JobRef, TenantId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::handle::Postgres;
use crate::{
    entities::renders::{self, Column},
    error::{StoreError, readable},
    files::{File, Files, StoredFile},
    ledger::{Ended, text},
};

#[async_trait]
impl Files for Postgres {
    async fn files(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredFile>>, StoreError> {
        let mine = renders::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
        let mut page = mine.clone();
        if let Some(JobId(id)) = after {
            let Some(last) = mine.filter(Column::JobId.eq(id)).one(&self.db).await? else { return Ok(None) };
            let older = Condition::any()
                .add(Column::CreatedAt.lt(last.created_at))
                .add(Condition::all().add(Column::CreatedAt.eq(last.created_at)).add(Column::JobId.lt(id)));
            page = page.filter(older);
        }
        let page = page.order_by_desc(Column::CreatedAt).order_by_desc(Column::JobId).limit(limit);
        page.all(&self.db).await?.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    async fn file(&self, job: &JobRef) -> Result<Option<StoredFile>, StoreError> {
        let mine = Column::Tenant.eq(job.tenant.as_str());
        renders::Entity::find_by_id(job.id.0).filter(mine).one(&self.db).await?.map(read).transpose()
    }

    async fn forget_file(&self, job: &JobRef) -> Result<bool, StoreError> {
        let mine = Column::Tenant.eq(job.tenant.as_str());
        let deleted = renders::Entity::delete_by_id(job.id.0).filter(mine).exec(&self.db).await?;
        Ok(deleted.rows_affected > 0)
    }
}

pub(super) async fn insert(db: &impl ConnectionTrait, ended: &Ended, file: &File) -> Result<(), StoreError> {
    let File { claim, media_type, pages, title, template, warnings } = file;
    let row = renders::ActiveModel {
        job_id: Set(ended.job.id.0),
        tenant: Set(ended.job.tenant.as_str().to_owned()),
        key: Set(claim.key.clone()),
        bytes: Set(i64::try_from(claim.bytes).unwrap_or(i64::MAX)),
        blake3: Set(claim.blake3.clone()),
        media_type: Set(text(media_type)),
        pages: Set(count(*pages)),
        title: Set(title.as_deref().map(text)),
        template: Set(text(template)),
        warnings: Set(count(*warnings)),
        created_at: Set(ended.ended_at),
    };
    renders::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Saturates, though no document has that many.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn read(row: renders::Model) -> Result<StoredFile, StoreError> {
    let bytes = readable("renders.bytes", row.bytes.try_into())?;
    let file = File {
        claim: Claim { key: row.key, bytes, blake3: row.blake3 },
        media_type: row.media_type,
        pages: readable("renders.pages", row.pages.try_into())?,
        title: row.title,
        template: row.template,
        warnings: readable("renders.warnings", row.warnings.try_into())?,
    };
    let job = JobRef { tenant: readable("renders.tenant", row.tenant.parse())?, id: JobId(row.job_id) };
    Ok(StoredFile { job, file, created_at: row.created_at })
}
