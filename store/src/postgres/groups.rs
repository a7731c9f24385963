//! Groups: one row each, which every end of a member increments; and the closing of batches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, event::Outcome};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    entities::groups,
    error::{StoreError, readable},
    groups::Group,
    ledger::Ended,
};

/// Adds to groups, and creates missing ones. Another tenant's group of the same id stays unchanged. No other
/// statement completes a group.
pub(super) const ADD: &str = "
INSERT INTO groups AS g (id, tenant, expected, done, failed, cancelled, created_at, ended_at)
SELECT r.id, r.tenant, r.expected, r.done, r.failed, r.cancelled, r.at,
    CASE WHEN r.done + r.failed + r.cancelled >= r.expected THEN r.at END
FROM jsonb_to_recordset($1::text::jsonb) AS r (id uuid, tenant text, expected integer, done integer, failed integer,
    cancelled integer, at timestamptz)
ON CONFLICT (id) DO UPDATE SET
    expected = coalesce(g.expected, excluded.expected),
    done = g.done + excluded.done,
    failed = g.failed + excluded.failed,
    cancelled = g.cancelled + excluded.cancelled,
    ended_at = coalesce(g.ended_at, CASE
        WHEN g.done + g.failed + g.cancelled + excluded.done + excluded.failed + excluded.cancelled
            >= coalesce(g.expected, excluded.expected) THEN excluded.created_at END)
WHERE g.tenant = excluded.tenant";

#[derive(Debug, Serialize)]
pub(super) struct Change<'a> {
    id: Uuid,
    tenant: &'a TenantId,
    /// The number of members; used only if the group has none yet.
    expected: Option<i32>,
    done: u32,
    failed: u32,
    cancelled: u32,
    at: DateTime<Utc>,
}

impl<'a> Change<'a> {
    fn new(id: Uuid, tenant: &'a TenantId, expected: Option<i32>, at: DateTime<Utc>) -> Self {
        Self { id, tenant, expected, done: 0, failed: 0, cancelled: 0, at }
    }

    /// No member ends, but the number of members is known.
    pub(super) fn closed(id: Uuid, tenant: &'a TenantId, expected: u64, at: DateTime<Utc>) -> Result<Self, StoreError> {
        Ok(Self::new(id, tenant, Some(readable("groups.expected", expected.try_into())?), at))
    }

    pub(super) fn cancelled(id: Uuid, tenant: &'a TenantId, at: DateTime<Utc>) -> Self {
        Self { cancelled: 1, ..Self::new(id, tenant, None, at) }
    }
}

/// Counts these ends, all of which are new, in one statement.
pub(super) async fn count(db: &impl ConnectionTrait, ended: &[&Ended]) -> Result<(), StoreError> {
    match changes(ended) {
        Some(changes) => run(db, changes).await,
        None => Ok(()),
    }
}

pub(super) async fn add(db: &impl ConnectionTrait, change: Change<'_>) -> Result<(), StoreError> {
    run(db, json(&[change])).await
}

async fn run(db: &impl ConnectionTrait, changes: String) -> Result<(), StoreError> {
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), ADD, [changes.into()])).await?;
    Ok(())
}

/// The argument of [`ADD`], sorted by group id to avoid deadlocks; `None` if no group is affected.
pub(super) fn changes(ended: &[&Ended]) -> Option<String> {
    let mut changes = BTreeMap::new();
    for ended in ended {
        let Some(member) = ended.member else { continue };
        let tenant = &ended.job.tenant;
        let expected = member.of.map(super::fences::number);
        let new = || Change::new(member.group, tenant, expected, ended.ended_at);
        let change = changes.entry((member.group, tenant.as_str())).or_insert_with(new);
        match ended.outcome {
            Outcome::Done(_) | Outcome::Claimed(_) => change.done += 1,
            Outcome::Failed(_) => change.failed += 1,
            Outcome::Cancelled => change.cancelled += 1,
        }
        change.at = ended.ended_at;
    }
    (!changes.is_empty()).then(|| json(&changes.into_values().collect::<Vec<_>>()))
}

fn json(changes: &[Change<'_>]) -> String {
    serde_json::json!(changes).to_string()
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    group: Uuid,
) -> Result<Option<Group>, StoreError> {
    let found = groups::Entity::find_by_id(group).filter(groups::Column::Tenant.eq(tenant.as_str()));
    let Some(row) = found.one(db).await? else { return Ok(None) };
    let [done, failed, cancelled] = counts(&row)?;
    Ok(Some(Group {
        expected: row.expected.map(|expected| readable("groups.expected", expected.try_into())).transpose()?,
        done,
        failed,
        cancelled,
        callback: row.callback,
        batch: row.batch,
        ended_at: row.ended_at,
    }))
}

/// Done, failed and cancelled members.
pub(super) fn counts(row: &groups::Model) -> Result<[u64; 3], StoreError> {
    let number = |column, value: i32| readable(column, u64::try_from(value));
    Ok([
        number("groups.done", row.done)?,
        number("groups.failed", row.failed)?,
        number("groups.cancelled", row.cancelled)?,
    ])
}
