//! Advisory locks, released at the end of the transaction. The key of a job, a document or a collection is the lower
//! half of its id; two with the same 64 bits only wait for each other. Lock order: jobs by key (one statement per
//! batch of commits, so no two batches deadlock), then the collection (shared), then the document.

use ruche_schemas::{JobId, TenantId};
use sea_orm::{
    ConnectionTrait, Statement,
    sqlx::{self, PgConnection},
};
use serde_json::json;
use uuid::Uuid;

use crate::error::StoreError;

/// Takes locks in the given order: a volatile function is called row by row.
const TAKE: &str = "
SELECT pg_advisory_xact_lock(key::bigint)
FROM jsonb_array_elements_text($1::text::jsonb) AS keys (key)";

/// Takes a shared lock, which excludes only exclusive ones.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared($1)";

#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Bots,
    Templates,
}

fn number(id: Uuid) -> i64 {
    i64::from_ne_bytes(id.as_u64_pair().1.to_ne_bytes())
}

/// Waits until no other transaction about these jobs is running.
///
/// A transaction that commits, cancels or fences jobs calls this first, in a statement of its own. Under `READ
/// COMMITTED` each later statement sees everything committed before it began, so the second transaction sees all
/// writes of the first: a commit sees the fence, or the fence sees the commit. The lock also ends when a worker dies.
pub(super) async fn jobs(db: &impl ConnectionTrait, jobs: impl IntoIterator<Item = JobId>) -> Result<(), StoreError> {
    let mut keys: Vec<i64> = jobs.into_iter().map(|job| number(job.0)).collect();
    keys.sort_unstable();
    let lock = Statement::from_sql_and_values(db.get_database_backend(), TAKE, [json!(keys).to_string().into()]);
    db.execute_raw(lock).await?;
    Ok(())
}

/// The exclusive lock of a document or a collection.
pub(super) async fn alone(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StoreError> {
    jobs(db, [JobId(id)]).await
}

/// The same on the driver's own connection; also for a job.
pub(super) async fn alone_raw(db: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(TAKE).bind(json!([number(id)]).to_string()).execute(db).await?;
    Ok(())
}

pub(super) async fn shared_raw(db: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(SHARE).bind(number(id)).execute(db).await?;
    Ok(())
}

/// Locks all of a tenant's entities of one type, so that the limit holds under concurrency.
pub(super) async fn tenant(db: &impl ConnectionTrait, of: Of, tenant: &TenantId) -> Result<(), StoreError> {
    let sql = match of {
        Of::Bots => "SELECT pg_advisory_xact_lock(hashtextextended('ruche.bots.' || $1, 0))",
        Of::Templates => "SELECT pg_advisory_xact_lock(hashtextextended('ruche.templates.' || $1, 0))",
    };
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.as_str().into()])).await?;
    Ok(())
}

/// Takes the session lock of this schema's indexes; `false` if another process has it.
pub(super) async fn try_indexes(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let lock = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' indexes over vectors', 0))";
    sqlx::query_scalar(lock).fetch_one(db).await
}

/// The end of the session releases it too, but later.
pub(super) async fn release_indexes(db: &mut PgConnection) {
    let unlock = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || ' indexes over vectors', 0))";
    let _ = sqlx::query(unlock).execute(db).await;
}
