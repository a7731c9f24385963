//! Whose turn it is: the urgent lane first, the others never left out, and within a lane one shard after the other.
//!
//! A round has twelve places, and a lane its share of them. A place goes to the most urgent lane that has jobs and
//! some of its share left; when no such lane is left, the next round begins. So an interactive job waits for at most
//! four others however much there is of everything, and a lane that nobody competes with has it all.

use ruche_schemas::{Lane, TenantId};

/// Lanes, in the order of [`Lane::ALL`].
const LANES: usize = Lane::ALL.len();

/// A lane's places in a round.
const SHARES: [usize; LANES] = [8, 3, 1];

/// Where jobs come from: the shards of all lanes.
pub(crate) const SOURCES: usize = first(LANES);

/// The first source of a lane.
const fn first(lane: usize) -> usize {
    let (mut source, mut before) = (0, 0);
    while before < lane {
        source += Lane::ALL[before].shards() as usize;
        before += 1;
    }
    source
}

/// A shard of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) lane: Lane,
    pub(crate) shard: u32,
}

impl Source {
    /// Where a tenant's jobs are.
    pub(crate) fn of(lane: Lane, tenant: &TenantId) -> Self {
        Self { lane, shard: lane.shard(tenant) }
    }

    /// All of them, in the order of their indices: the most urgent first.
    pub(crate) fn all() -> impl Iterator<Item = Self> + Clone {
        Lane::ALL.into_iter().flat_map(Self::of_lane)
    }

    /// Those of one lane.
    pub(crate) fn of_lane(lane: Lane) -> impl Iterator<Item = Self> + Clone {
        (0..lane.shards()).map(move |shard| Self { lane, shard })
    }

    /// The one with this index; the last one for an index that none has.
    pub(crate) fn at(index: usize) -> Self {
        let lane = (0..LANES).rfind(|&lane| first(lane) <= index).unwrap_or_default();
        let shard = u32::try_from(index - first(lane)).unwrap_or(u32::MAX);
        Self { lane: Lane::ALL[lane], shard: shard.min(Lane::ALL[lane].shards() - 1) }
    }

    /// Its place among all.
    pub(crate) const fn index(self) -> usize {
        first(self.lane as usize) + self.shard as usize
    }
}

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

    #[test]
    fn sources_are_numbered_in_the_order_of_urgency() {
        let all: Vec<_> = Source::all().collect();
        assert_eq!(all.iter().map(|source| source.index()).collect::<Vec<_>>(), (0..SOURCES).collect::<Vec<_>>());
        assert_eq!((0..SOURCES).map(Source::at).collect::<Vec<_>>(), all);
        assert_eq!((all[0].lane, all[1].lane, all[2].lane), (Lane::Interactive, Lane::Normal, Lane::Bulk));
    }
}
