//! Tenants' templates: a row a version, the package in it.

use crate::entities::templates;
use ruche_schemas::TenantId;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::error::explain;
use crate::{ledger::LedgerError, templates::Package};

/// This version of the tenant's template, or its newest.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    name: &str,
    version: Option<u32>,
) -> Result<Option<Package>, LedgerError> {
    let mut found = templates::Entity::find()
        .filter(templates::Column::Tenant.eq(tenant.as_str()))
        .filter(templates::Column::Name.eq(name))
        .order_by_desc(templates::Column::Version);
    if let Some(version) = version {
        let Ok(version) = i32::try_from(version) else { return Ok(None) };
        found = found.filter(templates::Column::Version.eq(version));
    }
    let Some(row) = found.one(db).await.map_err(explain)? else { return Ok(None) };
    let unreadable = |error| LedgerError::Unavailable(format!("version {} can't be read: {error}", row.version));
    let version = u32::try_from(row.version).map_err(unreadable)?;
    Ok(Some(Package { version, blake3: row.blake3, bytes: row.package.into() }))
}
