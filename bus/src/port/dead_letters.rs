//! Dead letters: jobs that nobody will try again.

use async_trait::async_trait;
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, Kind, TenantId};

use super::message::{DeadLetter, Unavailable};

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadFilter {
    /// Of this kind; of all without one.
    pub kind: Option<Kind>,
    /// Of this tenant; of all without one.
    pub tenant: Option<TenantId>,
}

/// A dead letter where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Buried {
    /// Its position: letters that died later have a higher one. Never 0.
    pub sequence: u64,
    /// The letter.
    pub letter: DeadLetter,
}

/// Dead letters.
#[async_trait]
pub trait Graveyard: Send + Sync {
    /// Keeps a dead letter: returns when it is durable. A job has one letter at most: the last one.
    async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable>;

    /// Letters in the order in which they died, from the one after `after` on (0: from the first), at most `limit`.
    async fn dead(&self, filter: &DeadFilter, after: u64, limit: usize) -> Result<Vec<Buried>, Unavailable>;

    /// How many letters there are.
    async fn dead_count(&self, filter: &DeadFilter) -> Result<u64, Unavailable>;

    /// The letter of a job.
    async fn dead_letter(&self, job: &JobRef) -> Result<Option<Buried>, Unavailable>;

    /// Drops a letter for good. `false`: it was not there.
    async fn exhume(&self, sequence: u64) -> Result<bool, Unavailable>;

    /// Moves jobs that the server has given up (a consumer with a bound on deliveries) to the dead letters, one at a
    /// time, for as long as it is polled. Each item is a job that is buried; it leaves its queue when the next item
    /// is asked for, so that a job whose end nobody could record comes again. An error does not end it. Any number of
    /// workers may do this at once.
    async fn given_up(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable>;
}
