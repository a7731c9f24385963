//! How far a collection is on its way to another model.

use ruche_schemas::{Failure, JobId};
use ruche_store::models::{Migration, Missing};

/// Where a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MigrationState {
    /// It goes to no other model.
    None,
    /// Its documents are being embedded anew.
    Embedding,
    /// All that is left has failed.
    Blocked,
    /// It was switched or cancelled, and chunks that nobody needs are left.
    Clearing,
    /// It was switched.
    Done,
}

/// How far a collection is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) state: MigrationState,
    pub(crate) migration: Migration,
    /// Jobs under way.
    pub(crate) queued: usize,
    /// Documents that have failed, as far as was looked.
    pub(crate) failed: usize,
    /// The first of them.
    pub(crate) failures: Vec<Failed>,
}

impl Progress {
    pub(super) fn at(state: MigrationState, migration: Migration) -> Self {
        Self { state, migration, queued: 0, failed: 0, failures: Vec::new() }
    }
}

/// A document that could not be embedded anew.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) missing: Missing,
    /// The job that tried it last.
    pub(crate) job: JobId,
    /// Why.
    pub(crate) failure: Failure,
}
