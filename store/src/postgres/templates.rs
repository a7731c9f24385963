//! Templates: one row per version, with its package. An upload holds the tenant's lock for one transaction, so
//! version numbers have no gaps and the limits hold under concurrency.

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::TenantId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, TransactionTrait,
};

use super::{handle::Postgres, locks};
use crate::{
    entities::templates::{self, Column},
    error::{StoreError, readable},
    templates::{NewTemplate, TemplateBounds, TemplateVersion, Templates, Uploaded},
};

#[derive(FromQueryResult)]
struct Row {
    name: String,
    version: i32,
    bytes: i32,
    blake3: String,
    description: Option<String>,
    created_at: chrono::DateTime<chrono::Utc>,
}

#[derive(FromQueryResult)]
struct Taken {
    names: i64,
    bytes: i64,
}

const COLUMNS: [Column; 6] =
    [Column::Name, Column::Version, Column::Bytes, Column::Blake3, Column::Description, Column::CreatedAt];

#[async_trait]
impl Templates for Postgres {
    async fn put_template(
        &self,
        tenant: &TenantId,
        template: NewTemplate,
        bounds: TemplateBounds,
    ) -> Result<Uploaded, StoreError> {
        let transaction = self.db.begin().await?;
        locks::tenant(&transaction, locks::Of::Templates, tenant).await?;
        let versions = versions(&transaction, tenant, &template.name).await?;
        let last = versions.first();
        if let Some(last) = last.filter(|last| last.blake3 == template.blake3) {
            return Ok(Uploaded::Same(last.clone()));
        }
        if versions.len() as u64 >= bounds.versions {
            return Ok(Uploaded::ManyVersions);
        }
        let sql = "SELECT count(DISTINCT name) AS names, coalesce(sum(bytes::bigint), 0)::bigint AS bytes \
                   FROM templates WHERE tenant = $1";
        let taken = Taken::find_by_statement(statement(sql, tenant)).one(&transaction).await?;
        let (names, bytes) = taken.map_or((0, 0), |taken| (taken.names.unsigned_abs(), taken.bytes.unsigned_abs()));
        if versions.is_empty() && names >= bounds.names {
            return Ok(Uploaded::ManyNames);
        }
        let NewTemplate { name, package, blake3, description, at } = template;
        let more = package.len() as u64;
        if bytes + more > bounds.bytes {
            return Ok(Uploaded::ManyBytes(bytes));
        }
        let version = last.map_or(1, |last| last.version + 1);
        let row = templates::ActiveModel {
            tenant: Set(tenant.as_str().into()),
            name: Set(name.clone()),
            version: Set(readable("templates.version", version.try_into())?),
            bytes: Set(readable("templates.bytes", more.try_into())?),
            blake3: Set(blake3.clone()),
            package: Set(package.into()),
            description: Set(description.clone()),
            created_at: Set(at),
        };
        templates::Entity::insert(row).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(Uploaded::New(TemplateVersion { name, version, bytes: more, blake3, description, created_at: at }))
    }

    async fn templates(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, StoreError> {
        let sql = "SELECT DISTINCT ON (name) name, version, bytes, blake3, description, created_at \
                   FROM templates WHERE tenant = $1 ORDER BY name, version DESC";
        let rows = Row::find_by_statement(statement(sql, tenant)).all(&self.db).await?;
        let mut all: Vec<TemplateVersion> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
        // Postgres sorts by its locale.
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn template_versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, StoreError> {
        versions(&self.db, tenant, name).await
    }

    async fn template_package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<(TemplateVersion, Bytes)>, StoreError> {
        self.call("select", "templates", package(&self.db, tenant, name, version)).await
    }

    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError> {
        let mut mine =
            templates::Entity::delete_many().filter(Column::Tenant.eq(tenant.as_str())).filter(Column::Name.eq(name));
        if let Some(version) = version {
            let Ok(version) = i32::try_from(version) else { return Ok(0) };
            mine = mine.filter(Column::Version.eq(version));
        }
        Ok(mine.exec(&self.db).await?.rows_affected)
    }
}

fn statement(sql: &str, tenant: &TenantId) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.as_str().into()])
}

async fn versions(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    name: &str,
) -> Result<Vec<TemplateVersion>, StoreError> {
    let mine = templates::Entity::find().filter(Column::Tenant.eq(tenant.as_str())).filter(Column::Name.eq(name));
    let rows = mine.select_only().columns(COLUMNS).order_by_desc(Column::Version).into_model::<Row>();
    rows.all(db).await?.into_iter().map(read).collect()
}

async fn package(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    name: &str,
    version: Option<u32>,
) -> Result<Option<(TemplateVersion, Bytes)>, StoreError> {
    // No stored name has a NUL, and Postgres would reject the query.
    if name.contains('\0') {
        return Ok(None);
    }
    let mut mine = templates::Entity::find().filter(Column::Tenant.eq(tenant.as_str())).filter(Column::Name.eq(name));
    if let Some(version) = version {
        // A larger number than a column can hold names no version.
        let Ok(version) = i32::try_from(version) else { return Ok(None) };
        mine = mine.filter(Column::Version.eq(version));
    }
    let Some(row) = mine.order_by_desc(Column::Version).one(db).await? else { return Ok(None) };
    let templates::Model { name, version, bytes, blake3, package, description, created_at, .. } = row;
    Ok(Some((read(Row { name, version, bytes, blake3, description, created_at })?, package.into())))
}

fn read(row: Row) -> Result<TemplateVersion, StoreError> {
    Ok(TemplateVersion {
        name: row.name,
        version: readable("templates.version", row.version.try_into())?,
        bytes: readable("templates.bytes", row.bytes.try_into())?,
        blake3: row.blake3,
        description: row.description,
        created_at: row.created_at,
    })
}
