//! How jobs ended: one row each, written once.

use ruche_schemas::{JobRef, event::Outcome, tables::jobs};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use sea_orm::{DbErr, prelude::Json};

use super::error::explain;
use crate::ports::ledger::{Ended, LedgerError, Stored, json, text};

/// Writes the job's row; `false` when there is one.
pub(super) async fn insert(db: &impl ConnectionTrait, ended: &Ended) -> Result<bool, LedgerError> {
    let unwritable = |error: serde_json::Error| LedgerError::Unavailable(error.to_string());
    let data = match &ended.outcome {
        Outcome::Cancelled => None,
        outcome => Some(json(outcome.data().map_err(unwritable)?)),
    };
    let row = jobs::ActiveModel {
        id: Set(ended.job.id.0),
        tenant: Set(ended.job.tenant.as_str().to_owned()),
        kind: Set(ended.kind.to_string()),
        lane: Set(ended.lane.to_string()),
        attempt: Set(super::fences::number(ended.attempt)),
        state: Set(ended.outcome.event_type().as_str().to_owned()),
        data: Set(data),
        created_at: Set(ended.created_at),
        ended_at: Set(ended.ended_at),
        trace_id: Set(ended.trace_id.as_deref().map(text)),
        root: Set(ended.origin.map(|origin| origin.root.0)),
        parent: Set(ended.origin.map(|origin| origin.parent.0)),
        group_id: Set(ended.member.map(|member| member.group)),
        group_index: Set(ended.member.and_then(|member| i32::try_from(member.index).ok())),
        children: Set((!ended.children.is_empty()).then(|| serde_json::json!(ended.children))),
    };
    let first_wins = OnConflict::column(jobs::Column::Id).do_nothing().to_owned();
    match jobs::Entity::insert(row).on_conflict(first_wins).exec_without_returning(db).await {
        Ok(rows) => Ok(rows == 1),
        Err(DbErr::RecordNotInserted) => Ok(false),
        Err(error) => Err(explain(error)),
    }
}

/// How the tenant's job ended.
pub(super) async fn find(db: &impl ConnectionTrait, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
    let found = jobs::Entity::find_by_id(job.id.0).filter(jobs::Column::Tenant.eq(job.tenant.as_str()));
    let Some(row) = found.one(db).await.map_err(explain)? else { return Ok(None) };
    let unreadable =
        |what: String| LedgerError::Unavailable(format!("the row of job {} can't be read: {what}", job.id));
    let data = row.data.unwrap_or(Json::Null);
    let outcome = match row.state.as_str() {
        "done" => Outcome::Done(data),
        "failed" => Outcome::Failed(serde_json::from_value(data).map_err(|error| unreadable(error.to_string()))?),
        "cancelled" => Outcome::Cancelled,
        other => return Err(unreadable(format!("state {other:?}"))),
    };
    let kind = row.kind.parse().map_err(|error| unreadable(format!("{error}")))?;
    let attempt = u32::try_from(row.attempt).map_err(|error| unreadable(format!("attempt: {error}")))?;
    Ok(Some(Stored { outcome, attempt, kind }))
}
