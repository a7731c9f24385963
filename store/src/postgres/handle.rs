//! The store in Postgres: its connections, and the bound and the span of a call.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, sqlx::PgPool};
use tokio::sync::Semaphore;
use tracing::{Instrument, field::Empty, info_span};

use super::{queue::Queue, search::searching::Searching};
use crate::{error::StoreError, health::Health};

/// The longest that a call takes, waiting for a connection included. Longer than all bounds within it, so that it
/// only ends what they can't: a network that swallows packets.
const CALL: Duration = Duration::from_secs(20);

/// The longest that the commit of a document takes, which may have ten thousand chunks, waiting for its turn included.
pub(super) const INDEXING: Duration = Duration::from_secs(15 * 60);

/// The store in Postgres. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Postgres {
    pub(super) db: DatabaseConnection,
    pub(super) commits: Queue,
    /// Documents that are written at once: at most half of the connections, so that everything else has some.
    pub(super) indexing: Arc<Semaphore>,
    pub(super) searching: Arc<Searching>,
    pub(super) schema: String,
}

impl Postgres {
    /// Closes all connections.
    pub async fn close(&self) {
        // Closing a pool waits for its connections and can't fail.
        self.db.close_by_ref().await.unwrap_or_default();
    }

    pub(super) fn pool(&self) -> &PgPool {
        self.db.get_postgres_connection_pool()
    }

    /// Runs a call in its bound and its span, named as OpenTelemetry's conventions for databases ask.
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
