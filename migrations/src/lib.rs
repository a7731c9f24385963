//! Migrates the database to the tables of this release. Repeated and concurrent calls are safe.
//!
//! One migration runs at a time per database, whatever the schema: an advisory lock makes the others wait, because
//! even `CREATE EXTENSION IF NOT EXISTS` fails when two sessions run it at once. The search path has only the given
//! schema, so a missing schema is an error and other schemas' tables are safe. Write pgvector's type as
//! `public.vector(n)` in a migration.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgConnection,
    migrate::{Migrate, Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use tokio::time::timeout;

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
    Failed(String),
    #[error("the database does not fit this release: {0}; run the release that migrated it")]
    Unfit(String),
}

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<sqlx::migrate::MigrateError> for MigrateError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::ExecuteMigration(error, version) => {
                Self::Failed(format!("{version}: {error}"))
            }
            sqlx::migrate::MigrateError::VersionMissing(version) => {
                Self::Unfit(format!("it has migration {version}, which is unknown here"))
            }
            sqlx::migrate::MigrateError::VersionMismatch(version) => {
                Self::Unfit(format!("its migration {version} was another one than the one here"))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Begins with the date.
    pub name: String,
    pub applied: bool,
}

/// The table that lists a schema's applied migrations.
const TABLE: &str = "_sqlx_migrations";

macro_rules! sql {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("../sql/", $name, ".sql")))),*] };
}

/// The files of `sql/`, the oldest first: statements that apply the migration, a line `-- DOWN`, and statements that
/// revert it. Never change a name or a released file: databases keep its version and its checksum.
const FILES: &[(&str, &str)] = &sql![
    "m20261123_000001_initial"
    "m20261123_000002_flows"
    "m20261126_000003_claims"
    "m20261126_000004_documents"
    "m20261127_000005_chunks"
    "m20261127_000006_bots"
    "m20261127_000007_upkeep"
    "m20261130_000008_words"
];

/// The digits of a file's name: `m20261123_000001_initial` is 20261123000001.
fn version(name: &str) -> i64 {
    name.bytes().filter(u8::is_ascii_digit).fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

fn migrator() -> Result<Migrator, MigrateError> {
    let mut all = Vec::new();
    for (name, text) in FILES {
        let missing = || MigrateError::Failed(format!("{name}.sql has no line `-- DOWN`"));
        let (up, down) = text.split_once("\n-- DOWN\n").ok_or_else(missing)?;
        for (direction, sql) in [(MigrationType::ReversibleUp, up), (MigrationType::ReversibleDown, down)] {
            let without_transaction = text.starts_with("-- no-transaction\n");
            let sql = sqlx::SqlSafeStr::into_sql_str(sql);
            all.push(Migration::new(version(name), (*name).into(), direction, sql, without_transaction));
        }
    }
    let mut migrator = Migrator::with_migrations(all);
    // See `lock`.
    migrator.set_locking(false);
    Ok(migrator)
}

/// Creates the schema if it is missing, and applies the pending migrations. Fails if the database can't be reached or
/// a migration fails: it is rolled back, and those before it stay.
pub async fn up(url: &str, schema: &str) -> Result<(), MigrateError> {
    let mut db = connect(url, schema).await?;
    lock(&mut db).await?;
    let sql = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut db).await?;
    migrator()?.run_direct(None, &mut db, false).await?;
    Ok(db.close().await?)
}

/// Reverts the newest `steps` migrations and **deletes the data of their tables**. Fails as [`up`] does.
pub async fn down(url: &str, schema: &str, steps: u32) -> Result<(), MigrateError> {
    let mut db = connect(url, schema).await?;
    lock(&mut db).await?;
    let applied = applied(&mut db).await?;
    if !applied.is_empty() {
        let kept = applied.len().saturating_sub(steps as usize);
        let newest = kept.checked_sub(1).map_or(0, |last| applied[last]);
        migrator()?.undo(&mut db, newest).await?;
    }
    Ok(db.close().await?)
}

/// The migrations of this release, the oldest first. Changes nothing. Fails if the database can't be reached, or has
/// a migration that this release does not know.
pub async fn status(url: &str, schema: &str) -> Result<Vec<Step>, MigrateError> {
    let mut db = connect(url, schema).await?;
    let applied = applied(&mut db).await?;
    if let Some(unknown) = applied.iter().find(|applied| FILES.iter().all(|(name, _)| version(name) != **applied)) {
        return Err(sqlx::migrate::MigrateError::VersionMissing(*unknown).into());
    }
    db.close().await?;
    let step = |name: &str| Step { name: name.to_owned(), applied: applied.contains(&version(name)) };
    Ok(FILES.iter().map(|(name, _)| step(name)).collect())
}

/// The versions of the applied migrations, the oldest first; none in a schema that is missing.
async fn applied(db: &mut PgConnection) -> Result<Vec<i64>, MigrateError> {
    if !truth(db, "SELECT to_regclass($1) IS NOT NULL", TABLE).await? {
        return Ok(Vec::new());
    }
    Ok(db.list_applied_migrations(TABLE).await?.into_iter().map(|applied| applied.version).collect())
}

/// A single connection until the end, because the lock belongs to the session: its end releases the lock.
async fn connect(url: &str, schema: &str) -> Result<PgConnection, MigrateError> {
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
    match timeout(CONNECT, options.connect()).await {
        Ok(connected) => connected.map_err(|error| MigrateError::Unavailable(error.to_string())),
        Err(_) => {
            let at = format!("{}:{}", options.get_host(), options.get_port());
            Err(MigrateError::Unavailable(format!("no connection to {at} within {} seconds", CONNECT.as_secs())))
        }
    }
}

/// Polls: a session that waits inside `pg_advisory_lock` holds a snapshot. A `CREATE INDEX CONCURRENTLY` of the
/// process with the lock would wait for that snapshot forever.
async fn lock(db: &mut PgConnection) -> Result<(), MigrateError> {
    let deadline = tokio::time::Instant::now() + WAIT;
    while !truth(db, "SELECT pg_try_advisory_lock($1)", LOCK).await? {
        if tokio::time::Instant::now() > deadline {
            return Err(MigrateError::Locked);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

async fn truth<'q, T>(db: &mut PgConnection, sql: &'static str, argument: T) -> Result<bool, MigrateError>
where
    T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + 'q,
{
    Ok(sqlx::query_scalar(sql).bind(argument).fetch_one(db).await?)
}
