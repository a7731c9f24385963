//! How jobs ended: one row each, written once.

use crate::entities::jobs;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId, event::Outcome};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, prelude::Json,
};
use uuid::Uuid;

use super::error::explain;
use crate::ledger::{Ended, LedgerError, Stored, json, text};

/// Writes the rows of attempts that no fence is past, and tells which are new. JSON carries them: one parameter,
/// however many there are.
pub(super) const INSERT: &str = "
INSERT INTO jobs (id, tenant, kind, lane, attempt, state, data, created_at, ended_at, trace_id, root, parent,
    group_id, group_index, children, claim, objects)
SELECT r.* FROM jsonb_to_recordset($1::text::jsonb) AS r (id uuid, tenant text, kind text, lane text,
    attempt integer, state text, data jsonb, created_at timestamptz, ended_at timestamptz, trace_id text, root uuid,
    parent uuid, group_id uuid, group_index integer, children jsonb, claim jsonb, objects boolean)
WHERE NOT EXISTS (
    SELECT FROM job_fences f WHERE f.job = r.id AND f.tenant = r.tenant AND f.attempt > r.attempt)
ON CONFLICT (id) DO NOTHING
RETURNING id";

/// A job's row, as [`insert`] takes it.
///
/// # Errors
/// When the outcome can't be written as JSON.
pub(super) fn row(ended: &Ended) -> Result<String, LedgerError> {
    let unwritable = |error: serde_json::Error| LedgerError::Unavailable(error.to_string());
    let data = match &ended.outcome {
        Outcome::Claimed(_) | Outcome::Cancelled => None,
        outcome => Some(json(outcome.data().map_err(unwritable)?)),
    };
    let row = serde_json::json!({
        "id": ended.job.id,
        "tenant": ended.job.tenant,
        "kind": ended.kind,
        "lane": ended.lane,
        "attempt": super::fences::number(ended.attempt),
        "state": ended.outcome.event_type().as_str(),
        "data": data,
        "created_at": ended.created_at,
        "ended_at": ended.ended_at,
        "trace_id": ended.trace_id.as_deref().map(text),
        "root": ended.origin.map(|origin| origin.root),
        "parent": ended.origin.map(|origin| origin.parent),
        "group_id": ended.member.map(|member| member.group),
        "group_index": ended.member.and_then(|member| i32::try_from(member.index).ok()),
        "claim": ended.outcome.claim(),
        "objects": ended.objects,
        "children": (!ended.children.is_empty()).then_some(&ended.children),
    });
    Ok(row.to_string())
}

/// Writes these rows, each of another job; returns the ids of those that are new and that no fence was past.
pub(super) async fn insert(db: &impl ConnectionTrait, rows: &[&str]) -> Result<Vec<Uuid>, LedgerError> {
    let rows = format!("[{}]", rows.join(","));
    let insert = Statement::from_sql_and_values(db.get_database_backend(), INSERT, [rows.into()]);
    let inserted = db.query_all_raw(insert).await.map_err(explain)?;
    inserted.iter().map(|row| row.try_get("", "id").map_err(explain)).collect()
}

/// How the tenant's job ended.
pub(super) async fn find(db: &impl ConnectionTrait, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
    let found = jobs::Entity::find_by_id(job.id.0).filter(jobs::Column::Tenant.eq(job.tenant.as_str()));
    found.one(db).await.map_err(explain)?.map(read).transpose()
}

/// How the members of a tenant's group ended, in their order.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    group: Uuid,
    limit: u64,
) -> Result<Vec<(JobId, Stored)>, LedgerError> {
    let members = jobs::Entity::find()
        .filter(jobs::Column::GroupId.eq(group))
        .filter(jobs::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(jobs::Column::GroupIndex)
        .order_by_asc(jobs::Column::Id)
        .limit(limit);
    let rows = members.all(db).await.map_err(explain)?;
    rows.into_iter().map(|row| Ok((JobId(row.id), read(row)?))).collect()
}

fn read(row: jobs::Model) -> Result<Stored, LedgerError> {
    let id = row.id;
    let unreadable = |what: String| LedgerError::Unavailable(format!("the row of job {id} can't be read: {what}"));
    let data = row.data.unwrap_or(Json::Null);
    let claim = row.claim.map(serde_json::from_value).transpose().map_err(|error| unreadable(error.to_string()))?;
    let outcome = match row.state.as_str() {
        "done" => claim.map_or(Outcome::Done(data), Outcome::Claimed),
        "failed" => Outcome::Failed(serde_json::from_value(data).map_err(|error| unreadable(error.to_string()))?),
        "cancelled" => Outcome::Cancelled,
        other => return Err(unreadable(format!("state {other:?}"))),
    };
    let kind = row.kind.parse().map_err(|error| unreadable(format!("{error}")))?;
    let attempt = u32::try_from(row.attempt).map_err(|error| unreadable(format!("attempt: {error}")))?;
    Ok(Stored { outcome, attempt, kind })
}

/// What is purged: rows of each table that are older, the oldest first, leaving out what another purge has.
const PURGE: [&str; 4] = [
    "DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs WHERE ended_at < $1 AND NOT objects ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM job_fences WHERE (job, tenant) IN (
        SELECT job, tenant FROM job_fences WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM groups WHERE id IN (
        SELECT id FROM groups WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
    "DELETE FROM document_tombstones WHERE document_id IN (
        SELECT document_id FROM document_tombstones WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
];

/// Deletes what ended before; each statement is a transaction of its own.
pub(super) async fn purge(db: &impl ConnectionTrait, before: DateTime<Utc>, limit: u64) -> Result<u64, LedgerError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut gone = 0;
    for purge in PURGE {
        let values = [before.into(), limit.into()];
        let purge = Statement::from_sql_and_values(db.get_database_backend(), purge, values);
        gone += db.execute_raw(purge).await.map_err(explain)?.rows_affected();
    }
    Ok(gone)
}
