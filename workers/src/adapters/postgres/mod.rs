//! The ledger and the conversations in Postgres: one short transaction a commit, one file per kept thing.
//!
//! **Why fencing holds.** `commit` and `fence` of one job both begin by taking the same transaction-scoped advisory
//! lock, in a statement of its own. Under `READ COMMITTED` each later statement sees all that was committed before
//! it began, so whoever gets the lock second sees everything that the first one wrote: a commit sees the fence, or
//! the fence sees the commit. The lock lives in memory and goes with its transaction, also when a worker dies; two
//! jobs whose ids share 64 bits merely wait for each other.
//!
//! **Why nothing hangs.** Connections are opened when they are needed, so a worker starts and waits while Postgres is
//! down. Each connection, statement, idle transaction and call has a bound; past it the call is
//! [`LedgerError::Unavailable`] and may be repeated.

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use ruche_schemas::{JobRef, TenantId, config, jobs::chat::Message};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait};
use tracing::{Instrument, field::Empty, info_span};
use uuid::Uuid;

use crate::ports::{
    conversations::Conversations,
    ledger::{Committed, Ended, Keep, Ledger, LedgerError, Stored, taken},
};

mod error;
mod fences;
mod jobs;
mod pool;
mod turns;
mod usage;

pub use pool::ConnectError;

use error::explain;

/// The longest that a call takes, waiting for a connection included. Longer than all bounds within it, so that it
/// only ends what they can't: a network that swallows packets.
const CALL: Duration = Duration::from_secs(20);

/// Keeps outcomes and conversations in Postgres.
#[derive(Debug, Clone)]
pub struct Postgres {
    db: DatabaseConnection,
    schema: String,
}

impl Postgres {
    /// A pool to this database. Connects with the first call, not now. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the URL can't be read.
    pub fn connect(settings: &config::Postgres) -> Result<Self, ConnectError> {
        Ok(Self { db: pool::open(settings)?, schema: settings.schema.clone() })
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
        let late = || LedgerError::Unavailable(format!("no answer within {} seconds", CALL.as_secs()));
        let work = tokio::time::timeout(CALL, work).instrument(span.clone());
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

    /// A transaction that no other one about this job runs beside.
    async fn alone(&self, job: &JobRef) -> Result<DatabaseTransaction, LedgerError> {
        let transaction = self.db.begin().await.map_err(explain)?;
        let (_, random) = job.id.0.as_u64_pair();
        let key = i64::from_ne_bytes(random.to_ne_bytes());
        let lock = Statement::from_sql_and_values(
            transaction.get_database_backend(),
            "SELECT pg_advisory_xact_lock($1)",
            [key.into()],
        );
        transaction.execute_raw(lock).await.map_err(explain)?;
        Ok(transaction)
    }

    async fn fence_alone(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        let transaction = self.alone(job).await?;
        let stored = jobs::find(&transaction, job).await?;
        if stored.is_none() {
            fences::raise(&transaction, job, attempt).await?;
        }
        transaction.commit().await.map_err(explain)?;
        Ok(stored)
    }

    /// Dropping the transaction on the way out takes back what it wrote.
    async fn commit_alone(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        let transaction = self.alone(&ended.job).await?;
        if fences::find(&transaction, &ended.job).await?.is_some_and(|fence| fence > ended.attempt) {
            return Ok(Committed::Fenced);
        }
        if !jobs::insert(&transaction, ended).await? {
            let stored = jobs::find(&transaction, &ended.job).await?;
            return stored.map(Committed::Already).ok_or_else(|| taken(&ended.job));
        }
        for keep in &ended.keep {
            match keep {
                Keep::Turn(turn) => turns::append(&transaction, ended, turn).await?,
                Keep::Usage(usage) => usage::insert(&transaction, ended, usage).await?,
            }
        }
        transaction.commit().await.map_err(explain)?;
        Ok(Committed::Stored)
    }
}

#[async_trait]
impl Ledger for Postgres {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        self.call("fence", "job_fences", self.fence_alone(job, attempt)).await
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        self.call("commit", "jobs", self.commit_alone(ended)).await
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
        self.call("select", "jobs", jobs::find(&self.db, job)).await
    }

    async fn group(&self, _: &TenantId, _: Uuid) -> Result<Option<crate::ports::ledger::Group>, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
    }
    async fn members(&self, _: &TenantId, _: Uuid, _: u64) -> Result<Vec<(ruche_schemas::JobId, Stored)>, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
    }
    async fn purge(&self, _: chrono::DateTime<chrono::Utc>, _: u64) -> Result<u64, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
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
