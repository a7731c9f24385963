//! Documents, as workers committed them; and templates, which [`super::templates`] keeps.

use crate::entities::renders::{self, Column};
use async_trait::async_trait;
use ruche_schemas::{Claim, JobId, JobRef, TenantId};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    gateway::{Postgres, unreadable},
    templates,
};
use crate::{
    files::{Documents, NewTemplate, StoredDocument, TemplateBounds, TemplateVersion, Uploaded},
    jobs::StoreError,
};

#[async_trait]
impl Documents for Postgres {
    async fn documents(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredDocument>>, StoreError> {
        let mine = renders::Entity::find().filter(Column::Tenant.eq(tenant.as_str()));
        let mut page = mine.clone();
        if let Some(JobId(id)) = after {
            let Some(last) = mine.filter(Column::JobId.eq(id)).one(&self.0).await? else { return Ok(None) };
            let older = Condition::any()
                .add(Column::CreatedAt.lt(last.created_at))
                .add(Condition::all().add(Column::CreatedAt.eq(last.created_at)).add(Column::JobId.lt(id)));
            page = page.filter(older);
        }
        let page = page.order_by_desc(Column::CreatedAt).order_by_desc(Column::JobId).limit(limit);
        page.all(&self.0).await?.into_iter().map(document).collect::<Result<_, _>>().map(Some)
    }

    async fn document(&self, job: &JobRef) -> Result<Option<StoredDocument>, StoreError> {
        let mine = Column::Tenant.eq(job.tenant.as_str());
        renders::Entity::find_by_id(job.id.0).filter(mine).one(&self.0).await?.map(document).transpose()
    }

    async fn forget_document(&self, job: &JobRef) -> Result<bool, StoreError> {
        let mine = Column::Tenant.eq(job.tenant.as_str());
        let deleted = renders::Entity::delete_by_id(job.id.0).filter(mine).exec(&self.0).await?;
        Ok(deleted.rows_affected > 0)
    }

    async fn put_template(
        &self,
        tenant: &TenantId,
        template: NewTemplate,
        bounds: TemplateBounds,
    ) -> Result<Uploaded, StoreError> {
        templates::put(&self.0, tenant, template, bounds).await
    }

    async fn templates(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, StoreError> {
        templates::list(&self.0, tenant).await
    }

    async fn template_versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, StoreError> {
        templates::versions(&self.0, tenant, name).await
    }

    async fn template_package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<(TemplateVersion, Vec<u8>)>, StoreError> {
        templates::package(&self.0, tenant, name, version).await
    }

    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError> {
        templates::delete(&self.0, tenant, name, version).await
    }
}

fn document(row: renders::Model) -> Result<StoredDocument, StoreError> {
    Ok(StoredDocument {
        job: JobRef { tenant: unreadable("renders.tenant", row.tenant.parse())?, id: JobId(row.job_id) },
        claim: Claim { key: row.key, bytes: unreadable("renders.bytes", row.bytes.try_into())?, blake3: row.blake3 },
        media_type: row.media_type,
        pages: unreadable("renders.pages", row.pages.try_into())?,
        title: row.title,
        template: row.template,
        warnings: unreadable("renders.warnings", row.warnings.try_into())?,
        created_at: row.created_at,
    })
}
