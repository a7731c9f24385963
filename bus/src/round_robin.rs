//! A weighted round robin over the lanes, and a plain one over the shards of a lane.
//!
//! A round has twelve turns, and each lane a share of them. A turn goes to the most urgent lane with jobs and some of
//! its share left; if there is none, the next round begins. So an interactive job waits for at most four others
//! however full the lanes are, and a lane without competition gets every turn.

use ruche_schemas::{
    Lane,
    topology::sources::{LANES, SOURCES, first},
};

/// The turns of each lane in a round.
const WEIGHTS: [usize; LANES] = [8, 3, 1];

/// Counts each lane's turns in this round.
#[derive(Debug, Default)]
pub(crate) struct WeightedRoundRobin {
    taken: [usize; LANES],
    /// The shard that comes next, per lane.
    next: [usize; LANES],
}

impl WeightedRoundRobin {
    pub(crate) fn next(&mut self, wanted: &[bool; SOURCES]) -> Option<usize> {
        // Once in this round, once in the next.
        for _ in 0..2 {
            for (lane, share) in WEIGHTS.into_iter().enumerate() {
                if self.taken[lane] < share
                    && let Some(source) = self.shard(lane, wanted)
                {
                    self.taken[lane] += 1;
                    return Some(source);
                }
            }
            self.taken = [0; LANES];
        }
        None
    }

    fn shard(&mut self, lane: usize, wanted: &[bool; SOURCES]) -> Option<usize> {
        let (first, shards) = (first(lane), Lane::ALL[lane].shards() as usize);
        let turn = (0..shards).map(|step| (self.next[lane] + step) % shards).find(|shard| wanted[first + shard])?;
        self.next[lane] = (turn + 1) % shards;
        Some(first + turn)
    }

    /// These turns brought no job: the lane gets them back.
    pub(crate) fn give_back(&mut self, lane: Lane, turns: usize) {
        let taken = &mut self.taken[lane as usize];
        *taken = taken.saturating_sub(turns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` turns, by source.
    fn serve(round_robin: &mut WeightedRoundRobin, wanted: &[bool; SOURCES], count: usize) -> [usize; SOURCES] {
        let mut served = [0; SOURCES];
        (0..count).for_each(|_| served[round_robin.next(wanted).expect("a source")] += 1);
        served
    }

    #[test]
    fn full_lanes_are_served_by_their_shares_and_shards_one_after_the_other() {
        let served = serve(&mut WeightedRoundRobin::default(), &[true; SOURCES], 12 * 16);
        assert_eq!(served, [8 * 16, 3 * 16, 2, 2, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn nobody_waits_for_a_source_that_wants_nothing() {
        let mut round_robin = WeightedRoundRobin::default();
        let mut wanted = [false; SOURCES];
        assert_eq!(round_robin.next(&wanted), None);
        (wanted[4], wanted[9]) = (true, true);
        let served: Vec<_> = (0..4).map(|_| round_robin.next(&wanted)).collect();
        assert_eq!(served, [Some(4), Some(9), Some(4), Some(9)]);
    }

    #[test]
    fn an_interactive_job_is_next_whatever_was_served_before() {
        let mut round_robin = WeightedRoundRobin::default();
        let (mut others, mut all) = ([true; SOURCES], [true; SOURCES]);
        (others[0], all[1]) = (false, false);
        for before in 0..100 {
            serve(&mut round_robin, &others, before);
            assert_eq!(round_robin.next(&all), Some(0), "after {before} of others");
        }
    }

    #[test]
    fn a_turn_that_brought_nothing_is_not_counted() {
        let mut round_robin = WeightedRoundRobin::default();
        let mut wanted = [false; SOURCES];
        (wanted[0], wanted[1]) = (true, true);
        for _ in 0..100 {
            assert_eq!(round_robin.next(&wanted), Some(0));
            round_robin.give_back(Lane::Interactive, 1);
        }
    }
}
