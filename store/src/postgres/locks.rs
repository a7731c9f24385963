//! Advisory locks: all numbers, and all statements that take one. They end with their transaction.
//!
//! A job, a document and a collection are locked by the lower half of their id: two that share those 64 bits merely wait for each
//! other. **Order.** Whoever takes several takes jobs' locks first, by their numbers; then shares the collection's; then takes the
//! document's. A batch of commits takes its jobs' locks in one statement, so no two batches wait for each other.

use ruche_schemas::{JobId, TenantId};
use sea_orm::{
    ConnectionTrait, Statement,
    sqlx::{self, PgConnection},
};
use serde_json::json;
use uuid::Uuid;

use crate::error::StoreError;

/// Takes the locks of these numbers, in the order given: a volatile function is called for each row as it comes.
const TAKE: &str = "
SELECT pg_advisory_xact_lock(key::bigint)
FROM jsonb_array_elements_text($1::text::jsonb) AS keys (key)";

/// Takes a lock that others may share, and that keeps out only who takes it alone.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared($1)";

/// What a tenant has a bounded number of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Bots,
    Templates,
}

/// The number of the lock of a job, a document or a collection.
fn number(id: Uuid) -> i64 {
    i64::from_ne_bytes(id.as_u64_pair().1.to_ne_bytes())
}

/// Waits until no other transaction about these jobs runs beside this one.
pub(super) async fn jobs(db: &impl ConnectionTrait, jobs: impl IntoIterator<Item = JobId>) -> Result<(), StoreError> {
    let mut keys: Vec<i64> = jobs.into_iter().map(|job| number(job.0)).collect();
    keys.sort_unstable();
    let lock = Statement::from_sql_and_values(db.get_database_backend(), TAKE, [json!(keys).to_string().into()]);
    db.execute_raw(lock).await?;
    Ok(())
}

/// The lock of a document or a collection, alone.
pub(super) async fn alone(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StoreError> {
    jobs(db, [JobId(id)]).await
}

/// The same, on the driver's own connection; of a job, too.
pub(super) async fn alone_raw(db: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(TAKE).bind(json!([number(id)]).to_string()).execute(db).await?;
    Ok(())
}

/// The lock of a collection, shared with its other writers.
pub(super) async fn shared_raw(db: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(SHARE).bind(number(id)).execute(db).await?;
    Ok(())
}

/// The lock of all that a tenant has of something, so that its bound holds whoever else adds one.
pub(super) async fn tenant(db: &impl ConnectionTrait, of: Of, tenant: &TenantId) -> Result<(), StoreError> {
    let sql = match of {
        Of::Bots => "SELECT pg_advisory_xact_lock(hashtextextended('ruche.bots.' || $1, 0))",
        Of::Templates => "SELECT pg_advisory_xact_lock(hashtextextended('ruche.templates.' || $1, 0))",
    };
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.as_str().into()])).await?;
    Ok(())
}

/// Takes the lock of this schema's indexes for this session; `false` if another process has it.
pub(super) async fn try_indexes(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let lock = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' indexes over vectors', 0))";
    sqlx::query_scalar(lock).fetch_one(db).await
}

/// Releases it. The end of the session does too, but a moment later.
pub(super) async fn release_indexes(db: &mut PgConnection) {
    let unlock = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || ' indexes over vectors', 0))";
    let _ = sqlx::query(unlock).execute(db).await;
}
