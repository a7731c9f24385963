//! Migrates the database to the tables of this release. Repeated and concurrent calls are safe.
//!
//! One migration runs at a time per database, whatever the schema: an advisory lock makes the others wait, because
//! even `CREATE EXTENSION IF NOT EXISTS` fails when two sessions run it at once. The search path has only the given
//! schema, so a missing schema is an error and other schemas' tables are safe. Write pgvector's type as
//! `public.vector(n)` in a migration.

use std::time::Duration;

use sea_orm_migration::{
    MigrationStatus,
    prelude::*,
    sea_orm::{
        DatabaseConnection, SqlxPostgresConnector, Statement,
        sqlx::{
            self, ConnectOptions,
            postgres::{PgConnectOptions, PgPoolOptions},
        },
    },
};

/// The timeout of the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest wait for another process that migrates this database.
const WAIT: Duration = Duration::from_secs(300);
/// The pause between attempts to take the lock.
const POLL: Duration = Duration::from_millis(100);
/// The advisory lock of a migration: "ruche" and 1, to differ from other programs' locks.
const LOCK: i64 = 0x7275_6368_6500_0001;

/// Messages never contain a password.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "the database URL can't be used ({0}): write postgres://user:password@host:5432/database, with special \
         characters of the password percent-encoded (RUCHE_POSTGRES__URL or --url)"
    )]
    Url(String),
    #[error("schema {0:?} is not allowed: 1 to 32 of a-z, 0-9 and _ (RUCHE_POSTGRES__SCHEMA or --schema)")]
    Schema(String),
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    #[error("another process has been migrating this database for {} seconds: look what it waits for", WAIT.as_secs())]
    Locked,
    #[error("a migration failed and was rolled back: {0}")]
    Failed(#[from] DbErr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Begins with the date.
    pub name: String,
    pub applied: bool,
}

/// A file of `sql/`: statements that apply the migration, a line `-- DOWN`, and statements that revert it.
struct Sql {
    name: &'static str,
    text: &'static str,
}

macro_rules! sql {
    ($name:literal) => {
        Box::new(Sql { name: $name, text: include_str!(concat!("../sql/", $name, ".sql")) })
    };
}

struct Migrator;

impl MigratorTrait for Migrator {
    /// The oldest first. Never change a name: databases store it.
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            sql!("m20261123_000001_initial"),
            sql!("m20261123_000002_flows"),
            sql!("m20261126_000003_claims"),
            sql!("m20261126_000004_documents"),
            sql!("m20261127_000005_chunks"),
            sql!("m20261127_000006_bots"),
            sql!("m20261127_000007_upkeep"),
        ]
    }
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

impl Sql {
    fn halves(&self) -> Result<(&'static str, &'static str), DbErr> {
        let missing = || DbErr::Migration(format!("{}.sql has no line `-- DOWN`", self.name));
        self.text.split_once("\n-- DOWN\n").ok_or_else(missing)
    }
}

#[async_trait::async_trait]
#[allow(elided_lifetimes_in_paths, reason = "as the trait declares it")]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.halves()?.0).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.halves()?.1).await.map(drop)
    }
}

/// Creates the schema if it is missing, and applies the pending migrations. Fails if the database can't be reached or
/// a migration fails: it is rolled back, and those before it stay.
pub async fn up(url: &str, schema: &str) -> Result<(), MigrateError> {
    let db = Box::pin(connect(url, schema)).await?;
    let done = async {
        lock(&db).await?;
        db.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")).await?;
        Ok(Migrator::up(&db, None).await?)
    };
    finish(done.await, db).await
}

/// Reverts the newest `steps` migrations and **deletes the data of their tables**. Fails as [`up`] does.
pub async fn down(url: &str, schema: &str, steps: u32) -> Result<(), MigrateError> {
    let db = Box::pin(connect(url, schema)).await?;
    let done = async {
        lock(&db).await?;
        match exists(&db, schema).await? {
            true => Ok(Migrator::down(&db, Some(steps)).await?),
            false => Ok(()),
        }
    };
    finish(done.await, db).await
}

/// The migrations of this release, the oldest first. Changes nothing. Fails if the database can't be reached, or has
/// a migration that this release does not know.
pub async fn status(url: &str, schema: &str) -> Result<Vec<Step>, MigrateError> {
    let db = Box::pin(connect(url, schema)).await?;
    let steps = async {
        let steps = Migrator::get_migration_with_status_read_only(&db).await?;
        let applied = |step: &sea_orm_migration::Migration| step.status() == MigrationStatus::Applied;
        Ok(steps.iter().map(|step| Step { name: step.name().to_owned(), applied: applied(step) }).collect())
    };
    finish(steps.await, db).await
}

/// A single connection until the end, because the lock belongs to the session.
async fn connect(url: &str, schema: &str) -> Result<DatabaseConnection, MigrateError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=32).contains(&schema.len()) || !schema.bytes().all(allowed) {
        return Err(MigrateError::Schema(schema.to_owned()));
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(MigrateError::Url("it does not begin with postgres://".to_owned()));
    }
    let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| MigrateError::Url(error.to_string()))?;
    let options = options
        .application_name("ruche-migrate")
        // While a change waits for its lock, every later query waits behind it.
        .options([("search_path", schema), ("lock_timeout", "30s"), ("client_min_messages", "warning")])
        .disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).acquire_timeout(CONNECT);
    let at = format!("{}:{}", options.get_host(), options.get_port());
    let pool = pool.connect_with(options).await.map_err(|error| MigrateError::Unavailable(unreachable(&error, &at)))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Names the address, because the pool's error says only that it waited.
fn unreachable(error: &sqlx::Error, at: &str) -> String {
    match error {
        sqlx::Error::PoolTimedOut => format!("no connection to {at} within {} seconds", CONNECT.as_secs()),
        other => other.to_string(),
    }
}

/// Polls: a session that waits inside `pg_advisory_lock` holds a snapshot. A `CREATE INDEX CONCURRENTLY` of the
/// process with the lock would wait for that snapshot forever.
async fn lock(db: &DatabaseConnection) -> Result<(), MigrateError> {
    let deadline = tokio::time::Instant::now() + WAIT;
    let backend = db.get_database_backend();
    loop {
        let ask = Statement::from_sql_and_values(backend, "SELECT pg_try_advisory_lock($1)", [LOCK.into()]);
        if truth(db, ask).await? {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            return Err(MigrateError::Locked);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn exists(db: &DatabaseConnection, schema: &str) -> Result<bool, MigrateError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    truth(db, Statement::from_sql_and_values(db.get_database_backend(), sql, [schema.into()])).await
}

async fn truth(db: &DatabaseConnection, ask: Statement) -> Result<bool, MigrateError> {
    match db.query_one_raw(ask).await? {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Ok(false),
    }
}

/// Closes the connection whatever the result, which releases the lock.
async fn finish<T>(result: Result<T, MigrateError>, db: DatabaseConnection) -> Result<T, MigrateError> {
    match db.close().await {
        Err(error) if result.is_ok() => Err(error.into()),
        _ => result,
    }
}
