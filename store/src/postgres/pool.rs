//! Opens pools: lazily, with timeouts, and without secrets in logs. Pools use SQLx's own options, because SeaORM's
//! trace-level spans print the whole URL.

use std::time::Duration;

use ruche_schemas::config;
use sqlx::{
    ConnectOptions, Connection, Error, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// `statement_timeout`, which includes waits for locks.
const STATEMENT: &str = "10s";
/// `idle_in_transaction_session_timeout`: limits how long a silent client keeps its job's lock.
const IDLE_TRANSACTION: &str = "30s";
/// A connection idle for longer is pinged before it is used.
const FRESH: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub struct Application {
    /// Postgres's `application_name`.
    pub name: &'static str,
    /// How long a call may wait for a connection.
    pub acquire: Duration,
}

impl Application {
    /// Fails fast, because a person waits.
    pub const GATEWAY: Self = Self { name: "ruche-gateway", acquire: Duration::from_secs(2) };
    pub const WORKER: Self = Self { name: "ruche-worker", acquire: Duration::from_secs(5) };
}

#[derive(Debug, thiserror::Error)]
#[error(
    "postgres.url can't be used ({0}): write postgres://user:password@host:5432/database, with special characters of \
     the password percent-encoded (RUCHE_POSTGRES__URL)"
)]
pub struct ConnectError(String);

pub(super) fn options(settings: &config::Postgres, application: Application) -> Result<PgConnectOptions, ConnectError> {
    let url = &settings.url.0;
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(ConnectError("it does not begin with postgres://".to_owned()));
    }
    let options: PgConnectOptions = url.parse().map_err(|error: Error| ConnectError(error.to_string()))?;
    Ok(options
        .application_name(application.name)
        // The schema alone: if it is missing, another schema's tables must not be used.
        .options([
            ("search_path", settings.schema.as_str()),
            ("statement_timeout", STATEMENT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION),
        ])
        .disable_statement_logging())
}

/// Opens a pool, which connects lazily. Needs a tokio runtime.
pub(super) fn open(options: PgConnectOptions, connections: u32, application: Application) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(application.acquire)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move { Ok(usage.idle_for < FRESH || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(options)
}
