//! What a client learns, whichever way it takes.

use ruche_schemas::{JobRef, Record};

/// Why a job was not accepted.
pub enum SubmitError {
    /// The same again, later.
    Later(String),
    Never(String),
}

/// What somebody saw who followed a job.
#[derive(Debug)]
pub struct Followed {
    pub job: JobRef,
    /// Its events, as they came.
    pub records: Vec<Record>,
}

impl Followed {
    /// Where to go on.
    pub fn next(&self) -> u64 {
        self.records.last().map_or(1, |last| last.n + 1)
    }

    /// Whether nothing follows.
    pub fn is_over(&self) -> bool {
        self.records.last().is_some_and(|last| last.event.is_final())
    }
}
