//! What a client sees, over either entrance.

use ruche_schemas::{JobRef, Record};

pub enum SubmitError {
    /// Submit the same again later.
    Later(String),
    Never(String),
}

#[derive(Debug)]
pub struct Followed {
    pub job: JobRef,
    /// In the order of arrival.
    pub records: Vec<Record>,
}

impl Followed {
    /// The next `n`.
    pub fn next(&self) -> u64 {
        self.records.last().map_or(1, |last| last.n + 1)
    }

    pub fn is_over(&self) -> bool {
        self.records.last().is_some_and(|last| last.event.is_final())
    }
}
