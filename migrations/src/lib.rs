//! Brings the database to the tables that this release expects: whenever, how often and by how many processes at
//! once it is asked to.
//!
//! One migration runs at a time per database, whatever the schema: an advisory lock keeps the others waiting, since
//! even `CREATE EXTENSION IF NOT EXISTS` fails when two sessions run it at once. The search path holds the asked
//! schema alone, so that a schema that is missing is an error and never leads into another one's tables.
//!
//! A column of pgvector's type is therefore written `public.vector(n)` in a migration.

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

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for a process that migrates this database just now.
const WAIT: Duration = Duration::from_secs(300);
/// How often to look whether it has finished.
const POLL: Duration = Duration::from_millis(100);
/// The advisory lock that a migrating process holds: "ruche" and 1, to differ from everybody else's.
const LOCK: i64 = 0x7275_6368_6500_0001;

/// The database could not be migrated. No message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The URL can't be read.
    #[error(
        "the database URL can't be used ({0}): write postgres://user:password@host:5432/database, with special \
         characters of the password percent-encoded (RUCHE_POSTGRES__URL or --url)"
    )]
    Url(String),
    /// The schema's name is not allowed.
    #[error("schema {0:?} is not allowed: 1 to 32 of a-z, 0-9 and _ (RUCHE_POSTGRES__SCHEMA or --schema)")]
    Schema(String),
    /// The database does not answer, or refuses the user.
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    /// Another process holds the lock for too long.
    #[error("another process has been migrating this database for {} seconds: look what it waits for", WAIT.as_secs())]
    Locked,
    /// A migration failed. It was rolled back; those before it stay.
    #[error("a migration failed and was rolled back: {0}")]
    Failed(#[from] DbErr),
}

/// A migration of this release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, which begins with its date.
    pub name: String,
    /// Whether the schema has it.
    pub applied: bool,
}

/// A migration: a file of `sql/` with the statements that apply it, a line `-- DOWN`, and those that take it back.
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
    /// The oldest first. Databases keep the names: they never change.
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
    /// What applies it, and what takes it back.
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

/// Applies what is missing, and makes the schema first where there is none. Nothing happens when nothing is missing.
///
/// # Errors
/// When the database can't be reached, or a migration fails: it is rolled back, and those before it stay.
pub async fn up(url: &str, schema: &str) -> Result<(), MigrateError> {
    let db = Box::pin(connect(url, schema)).await?;
    let done = async {
        lock(&db).await?;
        db.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")).await?;
        Ok(Migrator::up(&db, None).await?)
    };
    finish(done.await, db).await
}

/// Takes the newest `steps` migrations back, **with the data of their tables**.
///
/// # Errors
/// As [`up`].
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

/// The migrations of this release, the oldest first. Changes nothing.
///
/// # Errors
/// When the database can't be reached, or has a migration that this release does not know.
pub async fn status(url: &str, schema: &str) -> Result<Vec<Step>, MigrateError> {
    let db = Box::pin(connect(url, schema)).await?;
    let steps = async {
        let steps = Migrator::get_migration_with_status_read_only(&db).await?;
        let applied = |step: &sea_orm_migration::Migration| step.status() == MigrationStatus::Applied;
        Ok(steps.iter().map(|step| Step { name: step.name().to_owned(), applied: applied(step) }).collect())
    };
    finish(steps.await, db).await
}

/// One connection, kept until the end: the lock is the session's.
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
        // A change that can't get its lock soon would make every later query wait behind it.
        .options([("search_path", schema), ("lock_timeout", "30s"), ("client_min_messages", "warning")])
        .disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).acquire_timeout(CONNECT);
    let at = format!("{}:{}", options.get_host(), options.get_port());
    let pool = pool.connect_with(options).await.map_err(|error| MigrateError::Unavailable(unreachable(&error, &at)))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Names the address when nobody answers there: the pool only tells that it waited.
fn unreachable(error: &sqlx::Error, at: &str) -> String {
    match error {
        sqlx::Error::PoolTimedOut => format!("no connection to {at} within {} seconds", CONNECT.as_secs()),
        other => other.to_string(),
    }
}

/// Waits by asking again: a session that waited inside `pg_advisory_lock` would hold a snapshot, for which a
/// `CREATE INDEX CONCURRENTLY` of the process that holds the lock would wait in turn, forever.
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

/// Closes the connection, and with it releases the lock, whatever the result.
async fn finish<T>(result: Result<T, MigrateError>, db: DatabaseConnection) -> Result<T, MigrateError> {
    match db.close().await {
        Err(error) if result.is_ok() => Err(error.into()),
        _ => result,
    }
}
