//! The Postgres handle: its connections, and the timeout and the span of each call.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, sqlx::PgPool};
use tokio::sync::Semaphore;
use tracing::{Instrument, field::Empty, info_span};

use super::{queue::Queue, search::searching::Searching};
use crate::{error::StoreError, health::Health};

/// Timeout of a call, including the wait for a connection. Longer than all timeouts within it, so it only applies
/// where they can't: a network that drops packets.
const CALL: Duration = Duration::from_secs(20);

/// Timeout of the commit of a document, including the wait for a slot: it may have ten thousand chunks.
pub(super) const INDEXING: Duration = Duration::from_secs(15 * 60);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Postgres {
    pub(super) db: DatabaseConnection,
    pub(super) commits: Queue,
    /// Limits concurrent document writes to half of the connections, so that other calls find some.
    pub(super) indexing: Arc<Semaphore>,
    pub(super) searching: Arc<Searching>,
    pub(super) schema: String,
}

impl Postgres {
    pub async fn close(&self) {
        // Closing waits for the pool's connections and can't fail.
        self.db.close_by_ref().await.unwrap_or_default();
    }

    pub(super) fn pool(&self) -> &PgPool {
        self.db.get_postgres_connection_pool()
    }

    /// Runs a call within its timeout and in a span named by OpenTelemetry's conventions for databases.
    pub(super) async fn call<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.call_within(CALL, operation, table, work).await
    }

    pub(super) async fn call_within<T>(
        &self,
        bound: Duration,
        operation: &'static str,
        table: &'static str,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
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
        let late = || StoreError::Unavailable(format!("no answer within {} seconds", bound.as_secs()));
        let work = tokio::time::timeout(bound, work).instrument(span.clone());
        let result = Box::pin(work).await.unwrap_or_else(|_| Err(late()));
        if let Err(error) = &result {
            span.record("otel.status_code", "ERROR");
            let kind = match error {
                StoreError::Unavailable(_) => "unavailable",
                StoreError::Refused(failure) => failure.code.as_str(),
            };
            span.record("error.type", kind);
        }
        result
    }
}

#[async_trait]
impl Health for Postgres {
    async fn ready(&self) -> Result<(), StoreError> {
        // A database without our tables is not ready.
        let tables = async { Ok(self.db.execute_unprepared("SELECT FROM jobs LIMIT 0").await.map(drop)?) };
        self.call("ready", "jobs", tables).await
    }
}
