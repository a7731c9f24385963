//! Dead letters: one a job, in the order in which they died. The oldest are forgotten when there are too many.

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::JobRef;

use super::{lock::lock, state::Memory};
use crate::port::{Buried, DeadFilter, DeadLetter, Graveyard, Unavailable};

#[async_trait]
impl Graveyard for Memory {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        lock(&self.shared.dead).bury(letter);
        Ok(())
    }

    async fn dead(&self, filter: &DeadFilter, after: u64, limit: usize) -> Result<Vec<Buried>, Unavailable> {
        Ok(lock(&self.shared.dead).matching(filter, after).take(limit).collect())
    }

    async fn dead_count(&self, filter: &DeadFilter) -> Result<u64, Unavailable> {
        Ok(lock(&self.shared.dead).matching(filter, 0).count() as u64)
    }

    async fn dead_letter(&self, job: &JobRef) -> Result<Option<Buried>, Unavailable> {
        let dead = lock(&self.shared.dead);
        let found = dead.of.get(job).and_then(|sequence| Some((*sequence, dead.letters.get(sequence)?.clone())));
        Ok(found.map(|(sequence, letter)| Buried { sequence, letter }))
    }

    async fn exhume(&self, sequence: u64) -> Result<bool, Unavailable> {
        let mut dead = lock(&self.shared.dead);
        let Some(letter) = dead.letters.remove(&sequence) else { return Ok(false) };
        dead.of.remove(&letter.job);
        Ok(true)
    }

    /// There is no bound on deliveries here, so no job is ever given up without a worker's word.
    async fn given_up(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable> {
        Ok(stream::pending().boxed())
    }
}
