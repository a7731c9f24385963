//! Dead letters: one a job, in the order in which they died. The oldest are forgotten when there are too many.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::JobRef;

use super::{Memory, lock};
use crate::{Buried, DeadFilter, DeadLetter, Graveyard, Unavailable};

/// Dead letters that are kept.
const MAX_DEAD: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Graves {
    letters: BTreeMap<u64, DeadLetter>,
    of: HashMap<JobRef, u64>,
    sequence: u64,
}

impl Graves {
    fn bury(&mut self, letter: &DeadLetter) {
        self.sequence += 1;
        self.letters.insert(self.sequence, letter.clone());
        if let Some(before) = self.of.insert(letter.job.clone(), self.sequence) {
            self.letters.remove(&before);
        }
        while self.letters.len() > MAX_DEAD
            && let Some((_, oldest)) = self.letters.pop_first()
        {
            self.of.remove(&oldest.job);
        }
    }

    fn matching(&self, filter: &DeadFilter, after: u64) -> impl Iterator<Item = Buried> {
        let is_wanted = |letter: &DeadLetter| {
            filter.kind.as_ref().is_none_or(|kind| *kind == letter.kind)
                && filter.tenant.as_ref().is_none_or(|tenant| *tenant == letter.job.tenant)
        };
        let later = self.letters.range(after.saturating_add(1)..);
        let later = later.filter(move |(_, letter)| is_wanted(letter));
        later.map(|(&sequence, letter)| Buried { sequence, letter: letter.clone() })
    }
}

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
