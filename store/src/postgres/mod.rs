//! The ledger and the conversations in Postgres: short transactions, one for all commits that wait (`commits`), one
//! file per kept thing.
//!
//! **Why fencing holds.** A transaction that commits jobs, and one that fences a job, begin by taking the same
//! transaction-scoped advisory lock of each of their jobs, in a statement of its own; those of a batch in the order
//! of their numbers, so no two batches wait for each other. Under `READ COMMITTED` each later statement sees all that was committed before
//! it began, so whoever gets the lock second sees everything that the first one wrote: a commit sees the fence, or
//! the fence sees the commit. The lock lives in memory and goes with its transaction, also when a worker dies; two
//! jobs whose ids share 64 bits merely wait for each other.
//!
//! **Why nothing hangs.** Connections are opened when they are needed, so a worker starts and waits while Postgres is
//! down. Each connection, statement, idle transaction and call has a bound; past it the call is
//! [`LedgerError::Unavailable`] and may be repeated.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId, config, kinds::chat::Message};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, Statement, TransactionTrait, sqlx,
};
use tokio::sync::Semaphore;
use tracing::{Instrument, field::Empty, info_span};
use uuid::Uuid;

use crate::{
    conversations::Conversations,
    documents::{self as corpora, Corpus, InUse, ModelVersion, Place, Standing},
    ledger::{Committed, Ended, Group, Ledger, LedgerError, Stored},
    templates::{Package, Templates, Unavailable},
};

mod batches;
mod bots;
mod collections;
mod commits;
mod documents;
mod error;
mod fences;
mod files;
pub mod gateway;
mod groups;
mod indexes;
mod indexing;
mod jobs;
mod ledger;
mod models;
mod packages;
mod pool;
mod renders;
mod retention;
mod search;
mod templates;
mod turns;
mod usage;

pub use pool::ConnectError;

use error::explain;

/// The longest that a call takes, waiting for a connection included. Longer than all bounds within it, so that it
/// only ends what they can't: a network that swallows packets.
const CALL: Duration = Duration::from_secs(20);

/// The longest that the commit of a document takes, which may have ten thousand chunks, waiting for its turn included.
const INDEXING: Duration = Duration::from_secs(15 * 60);

/// Takes the locks of these numbers, in the order given: a volatile function is called for each row as it comes.
const LOCK: &str = "
SELECT pg_advisory_xact_lock(key::bigint)
FROM jsonb_array_elements_text($1::text::jsonb) AS keys (key)";

/// Keeps outcomes and conversations in Postgres.
#[derive(Debug, Clone)]
pub struct Postgres {
    db: DatabaseConnection,
    commits: commits::Commits,
    /// Documents that are written at once: at most half of the connections, so that everything else has some.
    indexing: Arc<Semaphore>,
    schema: String,
}

impl Postgres {
    /// A pool to this database. Connects with the first call, not now. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the URL can't be read.
    pub fn connect(settings: &config::Postgres) -> Result<Self, ConnectError> {
        let db = pool::open(settings)?;
        let commits = commits::Commits::start(db.clone());
        let half = usize::try_from(settings.connections / 2).unwrap_or(1).max(1);
        let indexing = Arc::new(Semaphore::new(half));
        Ok(Self { db, commits, indexing, schema: settings.schema.clone() })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        // Closing a pool waits for its connections and can't fail.
        self.db.close_by_ref().await.unwrap_or_default();
    }

    /// Runs a call in its bound and its span, named as OpenTelemetry's conventions for databases ask.
    async fn call<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        work: impl Future<Output = Result<T, LedgerError>> + Send,
    ) -> Result<T, LedgerError> {
        self.call_within(CALL, operation, table, work).await
    }

    async fn call_within<T>(
        &self,
        bound: Duration,
        operation: &'static str,
        table: &'static str,
        work: impl Future<Output = Result<T, LedgerError>> + Send,
    ) -> Result<T, LedgerError> {
        let span = info_span!(
            "postgres",
            otel.name = format!("{operation} {table}"),
            otel.kind = "client",
            otel.status_code = Empty,
            error.r#type = Empty,
            db.system.name = "postgresql",
            db.namespace = self.schema,
            db.operation.name = operation,
            db.collection.name = table,
        );
        let late = || LedgerError::Unavailable(format!("no answer within {} seconds", bound.as_secs()));
        let work = tokio::time::timeout(bound, work).instrument(span.clone());
        let result = Box::pin(work).await.unwrap_or_else(|_| Err(late()));
        if let Err(error) = &result {
            span.record("otel.status_code", "ERROR");
            let kind = match error {
                LedgerError::Unavailable(_) => "unavailable",
                LedgerError::Refused(failure) => failure.code.as_str(),
            };
            span.record("error.type", kind);
        }
        result
    }

    async fn fence_alone(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        let transaction = self.db.begin().await.map_err(explain)?;
        lock(&transaction, [job.id]).await?;
        let stored = ledger::find(&transaction, job).await?;
        if stored.is_none() {
            fences::raise(&transaction, job, attempt).await?;
        }
        transaction.commit().await.map_err(explain)?;
        Ok(stored)
    }
}

/// The number of a job's lock.
fn number(job: JobId) -> i64 {
    number_of(job.0)
}

/// The number of the lock of something with this id.
fn number_of(id: Uuid) -> i64 {
    i64::from_ne_bytes(id.as_u64_pair().1.to_ne_bytes())
}

/// What an error of the driver means.
fn sql(error: sqlx::Error) -> LedgerError {
    explain(DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error))))
}

/// Waits until no other transaction about these jobs runs beside this one. In the order of the locks' numbers, so
/// that two batches never wait for each other.
async fn lock(db: &DatabaseTransaction, jobs: impl IntoIterator<Item = JobId>) -> Result<(), LedgerError> {
    let mut keys: Vec<i64> = jobs.into_iter().map(number).collect();
    keys.sort_unstable();
    let keys = serde_json::json!(keys).to_string();
    let lock = Statement::from_sql_and_values(db.get_database_backend(), LOCK, [keys.into()]);
    db.execute_raw(lock).await.map(drop).map_err(explain)
}

#[async_trait]
impl Ledger for Postgres {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        self.call("fence", "job_fences", self.fence_alone(job, attempt)).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        if !indexing::is_one(ended) {
            return self.call("commit", "jobs", self.commits.commit(ended)).await;
        }
        let write = async {
            let _turn = self.indexing.acquire().await.map_err(|error| LedgerError::Unavailable(error.to_string()))?;
            indexing::commit(&self.db, ended).await
        };
        self.call_within(INDEXING, "commit", "documents", write).await
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
        self.call("select", "jobs", ledger::find(&self.db, job)).await
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, LedgerError> {
        self.call("select", "groups", groups::find(&self.db, tenant, group)).await
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, LedgerError> {
        self.call("select", "jobs", ledger::members(&self.db, tenant, group, limit)).await
    }

    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, LedgerError> {
        self.call("select", "jobs", retention::holding(&self.db, before, limit)).await
    }

    async fn released(&self, jobs: &[JobRef]) -> Result<(), LedgerError> {
        self.call("update", "jobs", retention::released(&self.db, jobs)).await
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, LedgerError> {
        self.call("delete", "jobs", ledger::purge(&self.db, before, limit)).await
    }

    async fn ready(&self) -> Result<(), LedgerError> {
        let tables = async { self.db.execute_unprepared("SELECT FROM jobs LIMIT 0").await.map(drop).map_err(explain) };
        self.call("ready", "jobs", tables).await
    }
}

#[async_trait]
impl Conversations for Postgres {
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<Vec<Message>>, LedgerError> {
        self.call("select", "messages", turns::history(&self.db, tenant, conversation)).await
    }
}

#[async_trait]
impl Corpus for Postgres {
    async fn in_use(&self, tenant: &TenantId, collection: &str) -> Result<InUse, LedgerError> {
        self.call("select", "collections", documents::in_use(&self.db, tenant, collection)).await
    }

    async fn standing(&self, of: &Place, model: &ModelVersion) -> Result<Standing, LedgerError> {
        Box::pin(self.call("select", "documents", documents::standing(&self.db, of, model))).await
    }

    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<corpora::Stored>, LedgerError> {
        self.call("select", "documents", documents::stored(&self.db, tenant, document)).await
    }
}

#[async_trait]
impl Templates for Postgres {
    async fn package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<Package>, Unavailable> {
        // A NUL is in no name that was ever kept, and Postgres would refuse the question.
        if name.contains('\0') {
            return Ok(None);
        }
        let found = self.call("select", "templates", packages::find(&self.db, tenant, name, version)).await;
        found.map_err(|error| Unavailable(error.to_string()))
    }
}
