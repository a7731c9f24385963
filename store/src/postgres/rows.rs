//! The rows of commits.

use ruche_schemas::{JobRef, event::Outcome};
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use super::{fences, jobs};
use crate::{
    error::{StoreError, readable},
    ledger::{Ended, Stored, json, text},
};

/// Inserts the rows of attempts that are not fenced off, and returns the new ones. All rows are one JSON parameter.
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

/// A job's row, as [`insert`] takes it. Fails if the outcome can't be written as JSON.
pub(super) fn row(ended: &Ended) -> Result<String, StoreError> {
    let data = match &ended.outcome {
        Outcome::Claimed(_) | Outcome::Cancelled => None,
        outcome => Some(json(readable("the outcome", outcome.data())?)),
    };
    let row = serde_json::json!({
        "id": ended.job.id,
        "tenant": ended.job.tenant,
        "kind": ended.kind,
        "lane": ended.lane,
        "attempt": fences::number(ended.attempt),
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

/// Inserts rows of different jobs; returns the ids of those that are new and not fenced off.
pub(super) async fn insert(db: &impl ConnectionTrait, rows: &[&str]) -> Result<Vec<Uuid>, StoreError> {
    let rows = format!("[{}]", rows.join(","));
    let insert = Statement::from_sql_and_values(db.get_database_backend(), INSERT, [rows.into()]);
    let inserted = db.query_all_raw(insert).await?;
    inserted.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

pub(super) async fn stored(db: &impl ConnectionTrait, job: &JobRef) -> Result<Option<Stored>, StoreError> {
    jobs::find(db, job).await?.map(Stored::try_from).transpose()
}
