//! What the database's errors mean: try again, or never.

use ruche_schemas::Failure;
use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError},
};

use super::pool::ACQUIRE;
use crate::ledger::{LedgerError, NOT_STORABLE};

/// Whether an error is what the job brought or what the database lacks. Whatever is not plainly the former can
/// be tried again: a job that waits is better than one that is lost.
pub(super) fn explain(error: DbErr) -> LedgerError {
    if let DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause)) = &error
        && let sqlx::Error::Database(cause) = cause.as_ref()
    {
        return by_code(cause.as_ref());
    }
    LedgerError::Unavailable(match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => format!(
            "no connection within {} seconds: see that Postgres answers at the address of postgres.url, and that \
             postgres.connections are enough",
            ACQUIRE.as_secs()
        ),
        other => other.to_string(),
    })
}

/// By SQLSTATE (PostgreSQL documentation, appendix A).
fn by_code(error: &dyn DatabaseError) -> LedgerError {
    let code = error.code().unwrap_or_default();
    match &*code {
        // No such table, column or schema.
        "42P01" | "42703" | "3F000" => LedgerError::Unavailable(format!(
            "the tables are not those of this release: run `ruche-migrate up` ({})",
            error.message()
        )),
        // No such text search configuration: the database is older than those that are known.
        "42704" => {
            let message = format!("the database refuses the result: {}", error.message());
            LedgerError::Refused(Failure::new(NOT_STORABLE, message))
        }
        // A value that can't be kept (22), a broken constraint (23), a limit of the server (54).
        code if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => {
            let rule = error.constraint().map_or_else(|| format!("SQLSTATE {code}"), |name| format!("rule {name}"));
            LedgerError::Refused(Failure::new(NOT_STORABLE, format!("the database refuses the result: {rule}")))
        }
        code => LedgerError::Unavailable(format!("{} (SQLSTATE {code})", error.message())),
    }
}
