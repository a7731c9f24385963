//! Jobs that are counted together: a row each, which every commit of a member adds to.

use std::collections::BTreeMap;

use crate::entities::groups;
use ruche_schemas::{TenantId, event::Outcome};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use uuid::Uuid;

use super::error::explain;
use crate::ledger::{Ended, Group, LedgerError};

/// Adds to groups, making those that there are not. Another tenant's group of the same id stays as it is.
pub(super) const COUNT: &str = "
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

/// Counts these ends, all of which are new, in one statement. Groups are locked in the order of their ids, so that
/// two transactions never wait for each other.
pub(super) async fn count(db: &impl ConnectionTrait, ended: &[&Ended]) -> Result<(), LedgerError> {
    let Some(rows) = rows(ended) else { return Ok(()) };
    let count = Statement::from_sql_and_values(db.get_database_backend(), COUNT, [rows.into()]);
    db.execute_raw(count).await.map(drop).map_err(explain)
}

/// What [`COUNT`] takes; `None` where none of these is counted.
pub(super) fn rows(ended: &[&Ended]) -> Option<String> {
    let mut counts = BTreeMap::<(Uuid, &str), serde_json::Value>::new();
    for ended in ended {
        let Some(place) = ended.member else { continue };
        let tenant = ended.job.tenant.as_str();
        let row = counts.entry((place.group, tenant)).or_insert_with(|| {
            serde_json::json!({"id": place.group, "tenant": tenant, "done": 0, "failed": 0, "cancelled": 0,
                "expected": place.of.map(super::fences::number), "at": ended.ended_at})
        });
        let state = match ended.outcome {
            Outcome::Done(_) | Outcome::Claimed(_) => "done",
            Outcome::Failed(_) => "failed",
            Outcome::Cancelled => "cancelled",
        };
        row[state] = (row[state].as_u64().unwrap_or_default() + 1).into();
        row["at"] = serde_json::json!(ended.ended_at);
    }
    (!counts.is_empty()).then(|| serde_json::json!(counts.into_values().collect::<Vec<_>>()).to_string())
}

/// How far a tenant's group is.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    group: Uuid,
) -> Result<Option<Group>, LedgerError> {
    let found = groups::Entity::find_by_id(group).filter(groups::Column::Tenant.eq(tenant.as_str()));
    let row = found.one(db).await.map_err(explain)?;
    let number = |count: i32| u64::try_from(count).unwrap_or_default();
    Ok(row.map(|row| Group {
        expected: row.expected.map(number),
        done: number(row.done),
        failed: number(row.failed),
        cancelled: number(row.cancelled),
        callback: row.callback,
        batch: row.batch,
    }))
}
