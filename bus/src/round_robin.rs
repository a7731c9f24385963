//! Whose turn it is: the urgent lane first, the others never left out, and within a lane one shard after the other.
//!
//! A round has twelve places, and a lane its share of them. A place goes to the most urgent lane that has jobs and
//! some of its share left; when no such lane is left, the next round begins. So an interactive job waits for at most
//! four others however much there is of everything, and a lane that nobody competes with has it all.

use ruche_schemas::{
    Lane,
    topology::sources::{LANES, SOURCES, first},
};

/// A lane's places in a round.
const SHARES: [usize; LANES] = [8, 3, 1];

/// Counts who had how many places of this round.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: [usize; LANES],
    /// The shard that comes next, per lane.
    next: [usize; LANES],
}

impl Turns {
    /// The source whose turn it is, of those that want one.
    pub(crate) fn next(&mut self, wanted: &[bool; SOURCES]) -> Option<usize> {
        // Once in this round, once in the next.
        for _ in 0..2 {
            for (lane, share) in SHARES.into_iter().enumerate() {
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

    /// The lane's next shard that wants a turn.
    fn shard(&mut self, lane: usize, wanted: &[bool; SOURCES]) -> Option<usize> {
        let (first, shards) = (first(lane), Lane::ALL[lane].shards() as usize);
        let turn = (0..shards).map(|step| (self.next[lane] + step) % shards).find(|shard| wanted[first + shard])?;
        self.next[lane] = (turn + 1) % shards;
        Some(first + turn)
    }

    /// So many turns brought nothing.
    pub(crate) fn give_back(&mut self, lane: Lane, turns: usize) {
        let taken = &mut self.taken[lane as usize];
        *taken = taken.saturating_sub(turns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many turns, counted by source.
    fn serve(turns: &mut Turns, wanted: &[bool; SOURCES], count: usize) -> [usize; SOURCES] {
        let mut served = [0; SOURCES];
        (0..count).for_each(|_| served[turns.next(wanted).expect("a source")] += 1);
        served
    }

    #[test]
    fn full_lanes_are_served_by_their_shares_and_shards_one_after_the_other() {
        let served = serve(&mut Turns::default(), &[true; SOURCES], 12 * 16);
        assert_eq!(served, [8 * 16, 3 * 16, 2, 2, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn nobody_waits_for_a_source_that_wants_nothing() {
        let mut turns = Turns::default();
        let mut wanted = [false; SOURCES];
        assert_eq!(turns.next(&wanted), None);
        (wanted[4], wanted[9]) = (true, true);
        let served: Vec<_> = (0..4).map(|_| turns.next(&wanted)).collect();
        assert_eq!(served, [Some(4), Some(9), Some(4), Some(9)]);
    }

    #[test]
    fn an_interactive_job_is_next_whatever_was_served_before() {
        let mut turns = Turns::default();
        let (mut others, mut all) = ([true; SOURCES], [true; SOURCES]);
        (others[0], all[1]) = (false, false);
        for before in 0..100 {
            serve(&mut turns, &others, before);
            assert_eq!(turns.next(&all), Some(0), "after {before} of others");
        }
    }

    #[test]
    fn a_turn_that_brought_nothing_is_not_counted() {
        let mut turns = Turns::default();
        let mut wanted = [false; SOURCES];
        (wanted[0], wanted[1]) = (true, true);
        for _ in 0..100 {
            assert_eq!(turns.next(&wanted), Some(0));
            turns.give_back(Lane::Interactive, 1);
        }
    }
}
