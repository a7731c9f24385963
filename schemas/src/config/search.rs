//! How documents are searched, and when their vectors get an index.

use serde::{Deserialize, Serialize};

use crate::settings::{Check, ConfigError};

/// How documents are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Up to how many chunks are compared one by one.
    pub exact_below: u32,
    /// How many candidates an index keeps while it looks.
    pub ef_search: u32,
    /// How many chunks of a model are worth an index.
    pub index_from: u32,
    /// Connections of each chunk in an index.
    pub index_m: u32,
    /// Candidates for the connections of a chunk.
    pub index_ef_construction: u32,
    /// Memory to make an index in, in MiB.
    pub index_memory_mb: u32,
    /// Processes of the database that help to make an index.
    pub index_workers: u32,
}

impl Default for Search {
    /// As `default.toml` has it.
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
