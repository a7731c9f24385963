//! The progress of a collection's migration.

use ruche_schemas::{Failure, JobId};
use ruche_store::models::{Migration, Missing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MigrationState {
    None,
    /// Its documents are being embedded by the new model.
    Embedding,
    /// All that is left has failed.
    Blocked,
    /// It was switched or cancelled, and unneeded chunks are left.
    Clearing,
    Done,
}

#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) state: MigrationState,
    pub(crate) migration: Migration,
    pub(crate) queued: usize,
    /// Failed documents among those that were checked.
    pub(crate) failed: usize,
    /// The first of them.
    pub(crate) failures: Vec<Failed>,
}

impl Progress {
    pub(super) fn at(state: MigrationState, migration: Migration) -> Self {
        Self { state, migration, queued: 0, failed: 0, failures: Vec::new() }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) missing: Missing,
    /// The last job that tried it.
    pub(crate) job: JobId,
    pub(crate) failure: Failure,
}
