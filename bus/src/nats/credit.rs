//! Decides from which lane a worker with free slots asks for how many jobs.
//!
//! A request to the server is a promise of a slot that can't be taken back before it lapses. So an idle lane is
//! promised little and not for long, and a lane that is known to have jobs gets what is left: the interactive one
//! first, the others at least their share.

use std::time::{Duration, Instant};

use crate::lanes::{LANES, SHARES, Turns};

/// From this many free slots on, what idle lanes hold back does not matter.
const MANY: usize = 64;

/// For how long a lane that was empty counts as empty while others have jobs.
const EMPTY: Duration = Duration::from_millis(20);

/// What to ask of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ask {
    /// Jobs; 0 for nothing.
    pub(super) jobs: usize,
    /// For how long the request waits; zero takes what is there.
    pub(super) wait: Duration,
}

/// What is known of the lanes.
#[derive(Debug, Default)]
pub(super) struct Credit {
    /// Jobs that wait, by the last job that came.
    backlog: [u64; LANES],
    empty_at: [Option<Instant>; LANES],
    turns: Turns,
    /// Where the last job came from.
    hot: usize,
}

impl Credit {
    /// A job came, and this many wait behind it.
    pub(super) fn came(&mut self, lane: usize, behind: u64) {
        self.backlog[lane] = behind;
        self.empty_at[lane] = None;
        self.hot = lane;
    }

    /// A request lapsed: nothing is there.
    pub(super) fn empty(&mut self, lane: usize, now: Instant) {
        self.backlog[lane] = 0;
        self.empty_at[lane] = Some(now);
    }

    /// Divides the free slots that are not promised yet.
    pub(super) fn divide(
        &mut self,
        free: usize,
        promised: [usize; LANES],
        arrived: usize,
        now: Instant,
    ) -> [Ask; LANES] {
        let mut budget = free.saturating_sub(arrived + promised.iter().sum::<usize>());
        let mut asks = [Ask::default(); LANES];
        // While many are on their way, a few slots more are not worth a request.
        let flowing: usize = (0..LANES).filter(|&lane| self.backlog[lane] > 0).map(|lane| promised[lane]).sum();
        if budget == 0 || flowing >= 8 * budget {
            return asks;
        }
        let contended = self.backlog.iter().any(|&waiting| waiting > 0);
        let mut wanted = [0; LANES];
        for lane in 0..LANES {
            let (jobs, wait) = match self.backlog[lane] {
                0 if contended => (usize::from(!self.is_empty(lane, now)), Duration::ZERO),
                0 => speculative(lane, free, lane == self.hot),
                waiting => (usize::try_from(waiting).unwrap_or(usize::MAX), Duration::from_millis(100)),
            };
            wanted[lane] = jobs.saturating_sub(promised[lane]);
            asks[lane].wait = wait;
        }
        let shares = if contended { SHARES } else { [1; LANES] };
        while budget > 0
            && let Some(lane) = self.turns.next(wanted.map(|jobs| jobs > 0), shares)
        {
            asks[lane].jobs += 1;
            wanted[lane] -= 1;
            budget -= 1;
        }
        asks
    }

    fn is_empty(&self, lane: usize, now: Instant) -> bool {
        self.empty_at[lane].is_some_and(|at| now.duration_since(at) < EMPTY)
    }
}

/// What a lane that may be idle is promised. With fewer slots than lanes, one lane after the other, and longest the
/// one that was used last.
fn speculative(lane: usize, free: usize, hot: bool) -> (usize, Duration) {
    match (free, lane) {
        (..LANES, _) if hot => (1, Duration::from_millis(100)),
        (..LANES, _) => (1, Duration::from_millis(10)),
        (MANY.., 0) => ((free / 4).min(256), Duration::from_secs(5)),
        (MANY.., _) => ((free / 16).min(64), Duration::from_secs(5)),
        (_, 0) => ((free / 4).max(1), Duration::from_secs(1)),
        _ => (1, Duration::from_millis(500)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(asks: [Ask; LANES]) -> [usize; LANES] {
        asks.map(|ask| ask.jobs)
    }

    #[test]
    fn an_idle_worker_listens_on_every_lane_and_keeps_slots_back() {
        let mut credit = Credit::default();
        let now = Instant::now();
        assert_eq!(jobs(credit.divide(8, [0; 3], 0, now)), [2, 1, 1]);
        assert_eq!(jobs(credit.divide(8, [2, 1, 1], 0, now)), [0, 0, 0]);
        assert_eq!(jobs(credit.divide(1000, [0; 3], 0, now)), [250, 62, 62]);
    }

    #[test]
    fn no_more_than_free_is_promised() {
        let now = Instant::now();
        for free in 1..100 {
            for (promised, arrived) in [([0; 3], 0), ([1, 0, 1], 0), ([0, 2, 0], 1), ([5, 1, 1], 7)] {
                let mut credit = Credit::default();
                credit.came(2, 1_000_000);
                let asked: usize = jobs(credit.divide(free, promised, arrived, now)).iter().sum();
                let held = arrived + promised.iter().sum::<usize>();
                assert!(asked + held <= free.max(held), "{free} {promised:?} {arrived}: {asked}");
            }
        }
    }

    #[test]
    fn a_lane_with_jobs_gets_the_slots_that_idle_lanes_do_not_need() {
        let mut credit = Credit::default();
        let now = Instant::now();
        credit.empty(0, now);
        credit.empty(1, now);
        credit.came(2, 500);
        assert_eq!(jobs(credit.divide(8, [0; 3], 0, now)), [0, 0, 8]);
    }

    #[test]
    fn full_lanes_are_served_by_their_shares_one_slot_at_a_time() {
        let mut credit = Credit::default();
        let now = Instant::now();
        (0..LANES).for_each(|lane| credit.came(lane, 1000));
        let mut served = [0; LANES];
        for _ in 0..120 {
            let asked = jobs(credit.divide(1, [0; 3], 0, now));
            (0..LANES).for_each(|lane| served[lane] += asked[lane]);
        }
        assert_eq!(served, [80, 30, 10]);
    }

    #[test]
    fn a_single_slot_visits_every_lane() {
        let mut credit = Credit::default();
        let now = Instant::now();
        let mut visited = [0; LANES];
        for _ in 0..6 {
            let asked = jobs(credit.divide(1, [0; 3], 0, now));
            (0..LANES).for_each(|lane| visited[lane] += asked[lane]);
        }
        assert_eq!(visited, [2, 2, 2]);
    }
}
