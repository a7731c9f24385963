//! Search settings, caches, and connections configured for searches.

use std::fmt;

use ruche_schemas::config;
use sqlx::{PgPool, postgres::PgConnectOptions};

use super::scope::Memory;
use crate::postgres::pool::{self, Application};

/// The minimal number of candidates of each ranking that are fused.
pub(super) const FUSED: u32 = 100;
/// The minimal number of candidates of a ranking alone.
pub(super) const CANDIDATES: u32 = 50;
/// Hits that are read beside those wanted, since equal texts become one; all candidates if that is not enough.
pub(super) const SPARE: u32 = 5;
/// Chunks that the index visits before it gives up.
const SCANNED: u32 = 40_000;

pub(in crate::postgres) struct Searching {
    pub(super) settings: config::Search,
    pub(super) memory: Memory,
    /// Connection options without the search settings.
    options: PgConnectOptions,
    application: Application,
    /// Connections preconfigured for searches, so that a search is a single statement without a transaction.
    pub(super) pool: PgPool,
}

impl Searching {
    pub(in crate::postgres) fn new(
        settings: config::Search,
        options: PgConnectOptions,
        connections: u32,
        application: Application,
    ) -> Self {
        // At least the number of fused candidates; if more are wanted, the scan goes on (hnsw.iterative_scan).
        let (ef_search, scanned) = (settings.ef_search.max(FUSED).to_string(), SCANNED.to_string());
        let own = options.clone().options([
            ("jit", "off"),
            ("hnsw.ef_search", ef_search.as_str()),
            ("hnsw.iterative_scan", "relaxed_order"),
            ("hnsw.max_scan_tuples", &scanned),
            // Forces the index order; otherwise a small table is read and sorted.
            ("enable_sort", "off"),
        ]);
        let pool = pool::open(own, connections, application);
        Self { settings, memory: Memory::default(), options, application, pool }
    }

    /// The same connections with other search settings.
    pub(in crate::postgres) fn with(&self, settings: config::Search) -> Self {
        Self::new(settings, self.options.clone(), self.pool.options().get_max_connections(), self.application)
    }
}

/// Hides the options, which contain the password.
impl fmt::Debug for Searching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Searching").field("settings", &self.settings).field("pool", &self.pool).finish_non_exhaustive()
    }
}
