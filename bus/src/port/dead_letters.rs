//! Dead letters: jobs that are not tried again.

use async_trait::async_trait;
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, Kind, TenantId};

use super::message::{DeadLetter, Unavailable};

/// Of a kind, of a tenant; `None`: of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadFilter {
    pub kind: Option<Kind>,
    pub tenant: Option<TenantId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredDeadLetter {
    /// Its position: later letters have a higher one. Never 0.
    pub sequence: u64,
    pub letter: DeadLetter,
}

#[async_trait]
pub trait DeadLetterQueue: Send + Sync {
    /// Returns when the letter is durable. A job has at most one letter: the last one.
    async fn put_dead_letter(&self, letter: &DeadLetter) -> Result<(), Unavailable>;

    /// Letters in order, from the one after `after` on (0: from the first), at most `limit`.
    async fn list_dead_letters(
        &self,
        filter: &DeadFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Unavailable>;

    async fn count_dead_letters(&self, filter: &DeadFilter) -> Result<u64, Unavailable>;

    async fn get_dead_letter(&self, job: &JobRef) -> Result<Option<StoredDeadLetter>, Unavailable>;

    /// Returns `false` if there is no letter with this sequence.
    async fn remove_dead_letter(&self, sequence: u64) -> Result<bool, Unavailable>;

    /// Moves jobs that reached their consumer's bound on deliveries to the dead letters, one at a time, for as long
    /// as it is polled. Each item is a job whose letter is stored; the job leaves its queue when the next item is
    /// requested, so that a job whose end could not be recorded is redelivered. `None`: there is none for a while. An
    /// error does not end the stream. Any number of workers may watch at once.
    async fn watch_max_deliveries(
        &self,
    ) -> Result<BoxStream<'static, Result<Option<JobRef>, Unavailable>>, Unavailable>;
}
