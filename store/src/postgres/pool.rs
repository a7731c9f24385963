//! Opens the pool: lazily, with a bound on everything, and without a secret in any log.
//!
//! The pool is made of SQLx's own options rather than SeaORM's, whose trace-level spans print the whole URL.

use std::time::Duration;

use ruche_schemas::config;
use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        ConnectOptions, Connection, Error,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};

/// How long to wait for a connection.
pub(super) const ACQUIRE: Duration = Duration::from_secs(5);
/// How long the server may work on one statement, waiting for locks included.
const STATEMENT: &str = "10s";
/// How long the server keeps a transaction whose worker says nothing, and with it the job's lock.
const IDLE_TRANSACTION: &str = "30s";
/// A connection that was unused for longer is tried before it is handed out.
const FRESH: Duration = Duration::from_secs(1);

/// The database's URL can't be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "postgres.url can't be used ({0}): write postgres://user:password@host:5432/database, with special characters of \
     the password percent-encoded (RUCHE_POSTGRES__URL)"
)]
pub struct ConnectError(String);

pub(super) fn open(settings: &config::Postgres) -> Result<DatabaseConnection, ConnectError> {
    let url = &settings.url.0;
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(ConnectError("it does not begin with postgres://".to_owned()));
    }
    let options: PgConnectOptions = url.parse().map_err(|error: Error| ConnectError(error.to_string()))?;
    let options = options
        .application_name("ruche-worker")
        // The schema alone: were it missing, the tables of another one would be no substitute.
        .options([
            ("search_path", settings.schema.as_str()),
            ("statement_timeout", STATEMENT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION),
        ])
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move {
                match usage.idle_for > FRESH {
                    true => connection.ping().await.map(|()| true),
                    false => Ok(true),
                }
            })
        });
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options)))
}
