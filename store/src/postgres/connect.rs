//! Opens the store.

use std::sync::Arc;

use ruche_schemas::config;
use sea_orm::SqlxPostgresConnector;
use tokio::sync::Semaphore;

use super::{
    commits,
    handle::Postgres,
    pool::{self, Application, ConnectError},
    search::searching::Searching,
};

impl Postgres {
    /// Creates a pool, which connects lazily. Needs a tokio runtime. Fails if the URL is invalid.
    pub fn connect(settings: &config::Postgres, application: Application) -> Result<Self, ConnectError> {
        let options = pool::options(settings, application)?;
        let pool = pool::open(options.clone(), settings.connections, application);
        let db = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        let commits = commits::start(db.clone());
        let half = usize::try_from(settings.connections / 2).unwrap_or(1).max(1);
        let searching = Searching::new(config::Search::default(), options, settings.connections, application);
        let (indexing, searching) = (Arc::new(Semaphore::new(half)), Arc::new(searching));
        Ok(Self { db, commits, indexing, searching, schema: settings.schema.clone() })
    }

    /// The same store with other search settings.
    #[must_use]
    pub fn with_search(mut self, settings: config::Search) -> Self {
        self.searching = Arc::new(self.searching.with(settings));
        self
    }
}
