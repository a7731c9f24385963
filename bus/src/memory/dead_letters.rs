//! Dead letters: one per job, in order.

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::JobRef;

use super::{lock::lock, state::Memory};
use crate::port::{DeadFilter, DeadLetter, DeadLetterQueue, StoredDeadLetter, Unavailable};

#[async_trait]
impl DeadLetterQueue for Memory {
    async fn put_dead_letter(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        lock(&self.shared.dead).put(letter);
        Ok(())
    }

    async fn list_dead_letters(
        &self,
        filter: &DeadFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Unavailable> {
        Ok(lock(&self.shared.dead).matching(filter, after).take(limit).collect())
    }

    async fn count_dead_letters(&self, filter: &DeadFilter) -> Result<u64, Unavailable> {
        Ok(lock(&self.shared.dead).matching(filter, 0).count() as u64)
    }

    async fn get_dead_letter(&self, job: &JobRef) -> Result<Option<StoredDeadLetter>, Unavailable> {
        let dead = lock(&self.shared.dead);
        let found = dead.of.get(job).and_then(|sequence| Some((*sequence, dead.letters.get(sequence)?.clone())));
        Ok(found.map(|(sequence, letter)| StoredDeadLetter { sequence, letter }))
    }

    async fn remove_dead_letter(&self, sequence: u64) -> Result<bool, Unavailable> {
        let mut dead = lock(&self.shared.dead);
        let Some(letter) = dead.letters.remove(&sequence) else { return Ok(false) };
        dead.of.remove(&letter.job);
        Ok(true)
    }

    /// There is no bound on deliveries here.
    async fn watch_max_deliveries(
        &self,
    ) -> Result<BoxStream<'static, Result<Option<JobRef>, Unavailable>>, Unavailable> {
        Ok(stream::pending().boxed())
    }
}
