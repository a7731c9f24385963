//! Documents that jobs have stored, one row each beside the job's own.

use crate::entities::renders;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::error::explain;
use crate::ledger::{Document, Ended, LedgerError, text};

/// Lists the job's document.
pub(super) async fn insert(db: &impl ConnectionTrait, ended: &Ended, document: &Document) -> Result<(), LedgerError> {
    let Document { claim, media_type, pages, title, template, warnings } = document;
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
    renders::Entity::insert(row).exec_without_returning(db).await.map(drop).map_err(explain)
}

/// A number as a row holds it. No document comes near the bound.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
