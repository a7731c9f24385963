//! Maps database errors to temporary and permanent ones.

use std::sync::Arc;

use ruche_schemas::Failure;
use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError},
};

use crate::error::{NOT_STORABLE, StoreError};

/// Only errors clearly caused by the given data are permanent: a retried job is better than a lost one.
impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) = &error
        {
            match cause.as_ref() {
                sqlx::Error::Database(cause) => return by_code(cause.as_ref()),
                sqlx::Error::PoolTimedOut => return no_connection(),
                _ => {}
            }
        }
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => no_connection(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error))).into()
    }
}

fn no_connection() -> StoreError {
    StoreError::Unavailable(
        "no connection in time: see that Postgres answers at the address of postgres.url, and that \
         postgres.connections are enough"
            .to_owned(),
    )
}

/// Maps SQLSTATE codes (PostgreSQL documentation, appendix A).
fn by_code(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    match &*code {
        // Undefined table, column or schema.
        "42P01" | "42703" | "3F000" => StoreError::Unavailable(format!(
            "the tables are not those of this release: run `ruche-migrate up` ({})",
            error.message()
        )),
        // Data exception (22), constraint violation (23), program limit exceeded (54).
        code if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => {
            let rule = error.constraint().map_or_else(|| format!("SQLSTATE {code}"), |name| format!("rule {name}"));
            StoreError::Refused(Failure::new(NOT_STORABLE, format!("the database refuses the result: {rule}")))
        }
        code => StoreError::Unavailable(format!("{} (SQLSTATE {code})", error.message())),
    }
}
