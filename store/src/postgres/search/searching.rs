//! How it is searched: the settings, what is remembered, and connections that are set up for it.

use std::fmt;

use ruche_schemas::config;
use sea_orm::sqlx::{PgPool, postgres::PgConnectOptions};

use super::scope::Memory;
use crate::postgres::pool::{self, Application};

/// The fewest of each ranking that are fused.
pub(super) const CANDIDATES: u32 = 50;
/// Chunks that the index looks at before it gives up.
const SCANNED: u32 = 40_000;

/// How it is searched, and what is remembered for that.
pub(in crate::postgres) struct Searching {
    pub(super) settings: config::Search,
    pub(super) memory: Memory,
    /// How to connect, without what is set for searches.
    options: PgConnectOptions,
    application: Application,
    /// Connections that are set up for searches, so that a search is one statement and no transaction around it.
    pub(super) pool: PgPool,
}

impl Searching {
    /// Prepares connections; none is made yet.
    pub(in crate::postgres) fn new(
        settings: config::Search,
        options: PgConnectOptions,
        connections: u32,
        application: Application,
    ) -> Self {
        // At least as many as are fused of a ranking; where more are wanted, the scan goes on (hnsw.iterative_scan).
        let (ef_search, scanned) = (settings.ef_search.max(CANDIDATES).to_string(), SCANNED.to_string());
        let own = options.clone().options([
            ("jit", "off"),
            ("hnsw.ef_search", ef_search.as_str()),
            ("hnsw.iterative_scan", "relaxed_order"),
            ("hnsw.max_scan_tuples", &scanned),
            // The index gives its order; without this, a small table is read and sorted instead.
            ("enable_sort", "off"),
        ]);
        let pool = pool::open(own, connections, application);
        Self { settings, memory: Memory::default(), options, application, pool }
    }

    /// The same connections, searched like this.
    pub(in crate::postgres) fn with(&self, settings: config::Search) -> Self {
        Self::new(settings, self.options.clone(), self.pool.options().get_max_connections(), self.application)
    }
}

/// The options hold the password, and would show it.
impl fmt::Debug for Searching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Searching").field("settings", &self.settings).field("pool", &self.pool).finish_non_exhaustive()
    }
}
