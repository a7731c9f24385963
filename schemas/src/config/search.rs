//! Settings of document search and of vector indexes.

use serde::{Deserialize, Serialize};

use crate::settings::{Check, ConfigError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Up to so many chunks, the query is compared with each of them, without an index.
    pub exact_below: u32,
    /// Candidates that an index keeps during a search (`hnsw.ef_search`).
    pub ef_search: u32,
    /// From so many chunks on, a model's vectors get an index.
    pub index_from: u32,
    /// HNSW: connections of each chunk.
    pub index_m: u32,
    /// HNSW: candidates for the connections of a chunk.
    pub index_ef_construction: u32,
    /// Memory to build an index, in MiB.
    pub index_memory_mb: u32,
    /// The database's parallel processes that build an index.
    pub index_workers: u32,
}

impl Default for Search {
    /// The same values as in `default.toml`.
    fn default() -> Self {
        Self {
            exact_below: 10_000,
            ef_search: 100,
            index_from: 10_000,
            index_m: 16,
            index_ef_construction: 128,
            index_memory_mb: 1024,
            index_workers: 2,
        }
    }
}

impl Search {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("exact_below", self.exact_below, 0..=1_000_000, "")?;
        check.range("ef_search", self.ef_search, 10..=1000, "")?;
        check.range("index_from", self.index_from, 1..=1_000_000_000, "")?;
        check.range("index_m", self.index_m, 4..=100, "")?;
        let construction = (2 * self.index_m..=1000).contains(&self.index_ef_construction);
        let allowed = "twice search.index_m to 1000";
        check.rule(construction, "index_ef_construction", self.index_ef_construction, allowed)?;
        check.range("index_memory_mb", self.index_memory_mb, 16..=1 << 20, "")?;
        check.range("index_workers", self.index_workers, 0..=64, "")
    }
}
