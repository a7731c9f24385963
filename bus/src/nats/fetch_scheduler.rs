//! Decides from which source (lane, or shard of one) a worker with free slots asks for how many jobs.
//!
//! A request to the server is a promise of a slot that can't be taken back before it lapses. So a source that may be
//! empty is promised slots only by a worker with many to spare. At any other the worker leaves a bell
//! ([`super::bells`]), which promises nothing and rings as soon as there is a job. A freed slot is given away at once
//! and to whom it is due, because a source whose bell is silent is known to be empty.
//!
//! Bells are renewed every five seconds, and so an idle worker makes at most six requests a second.

use std::time::{Duration, Instant};

use ruche_schemas::{
    Lane,
    topology::sources::{SOURCES, Source},
};

use crate::round_robin::Turns;

/// When a bell that has said nothing is taken for lost.
const BELL_LOST: Duration = Duration::from_secs(6);

/// From this many free slots on, each source is promised some while all are empty.
const MANY: usize = 64;

/// From this many free slots on, one is promised to each of the lanes that somebody waits for.
const SOME: usize = 8;

/// For how long requests wait while all sources are empty: with many free slots, and with some.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// For how long a worker with many free slots waits for jobs that are known to be there.
const SOON: Duration = Duration::from_millis(100);

/// Requests for fewer slots than this part of what is on its way are not worth it.
const WORTH_IT: usize = 8;

/// The longest pause after bells that others were faster at, in milliseconds.
const LONGEST_PAUSE: u64 = 100;

/// What to ask of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) source: usize,
    /// Jobs; 0 for none.
    pub(super) jobs: usize,
    /// For how long the request waits; zero takes what is there.
    pub(super) wait: Duration,
    /// Whether a bell is left behind it.
    pub(super) bell: bool,
}

/// What to ask now, and when to think again if nothing happens.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) asks: Vec<Ask>,
    pub(super) again: Option<Instant>,
}

/// What is known of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Known {
    /// It is empty if its bell is silent, and unknown if it has none.
    #[default]
    Quiet,
    /// Its bell rang.
    Rung,
    /// So many jobs wait, by the last one that came.
    Jobs(u64),
    /// Its bell rang and others were faster. Where many are idle, most ask in vain: left alone until then, unless
    /// other sources have jobs.
    Lost(Instant),
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    known: Known,
    /// Until when a bell waits there that has not rung.
    bell: Option<Instant>,
    /// How many bells in a row brought nothing.
    vain: u32,
    /// Whether the request under way does not wait. The server does not say how much of such a one is left, so it has
    /// to be the only one.
    alone: bool,
}

/// What is known of all sources.
#[derive(Debug, Default)]
pub(super) struct Credit {
    sources: [State; SOURCES],
    turns: Turns,
    /// So many of the free slots are promised to the interactive lane only.
    pub(super) reserved: usize,
}

/// What is to be asked of one source.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Nothing,
    /// So many jobs, with a request that waits so long.
    Jobs(usize, Duration),
    Bell,
    /// Nothing before this time.
    At(Instant),
}

impl Credit {
    /// A job came, and this many wait behind it.
    pub(super) fn came(&mut self, source: usize, behind: u64) {
        let state = &mut self.sources[source];
        state.vain = 0;
        state.known = if behind == 0 { Known::Quiet } else { Known::Jobs(behind) };
    }

    /// A bell was left.
    pub(super) fn left_bell(&mut self, source: usize, now: Instant) {
        self.sources[source].bell = Some(now + BELL_LOST);
    }

    /// A bell rang.
    pub(super) fn rang(&mut self, source: usize) {
        let state = &mut self.sources[source];
        state.bell = None;
        if state.known == Known::Quiet {
            state.known = Known::Rung;
        }
    }

    /// A bell has lapsed.
    pub(super) fn fell_silent(&mut self, source: usize) {
        self.sources[source].bell = None;
    }

    /// A request ended, and this much of it was not used: nothing more is there.
    pub(super) fn empty(&mut self, source: Source, unused: usize, now: Instant) {
        self.turns.give_back(source.lane, unused);
        let state = &mut self.sources[source.index()];
        state.known = match state.known {
            Known::Quiet | Known::Jobs(_) => Known::Quiet,
            Known::Rung | Known::Lost(_) => {
                state.vain = state.vain.saturating_add(1);
                let pause = 2_u64.saturating_pow(state.vain).min(LONGEST_PAUSE);
                Known::Lost(now + Duration::from_millis(pause))
            }
        };
    }

    /// A request was never answered.
    pub(super) fn unanswered(&mut self, source: usize) {
        self.sources[source].known = Known::Quiet;
    }

    /// What was known is worth nothing any more, and no bell will ring.
    pub(super) fn forget(&mut self) {
        self.sources = Default::default();
    }

    /// Divides the free slots that are not promised yet. `arrived`: jobs that have come and have no slot yet, interactive
    /// ones and others.
    pub(super) fn divide(
        &mut self,
        free: usize,
        promised: &[usize; SOURCES],
        (interactive, others): (usize, usize),
        now: Instant,
    ) -> Plan {
        let mut plan = Plan::default();
        let mut budget = free.saturating_sub(interactive + others + promised.iter().sum::<usize>());
        let is_other = |source: usize| Source::at(source).lane != Lane::Interactive;
        let promised_others: usize =
            (0..SOURCES).filter(|source| is_other(*source)).map(|source| promised[source]).sum();
        let mut open = free.saturating_sub(self.reserved + others + promised_others);
        if budget == 0 {
            return plan;
        }
        let contended = self.sources.iter().any(|state| matches!(state.known, Known::Jobs(_) | Known::Rung));
        let wish = |source: Source| self.wish(source, free, promised[source.index()], contended, now);
        let wishes: Vec<_> = Source::all().map(wish).collect();
        let mut wanted: [usize; SOURCES] = std::array::from_fn(|source| match wishes[source] {
            Wish::Jobs(jobs, _) => jobs,
            _ => 0,
        });
        // While many are on their way, a few slots more are not worth a request, unless somebody waits.
        let has_jobs = |&source: &usize| matches!(self.sources[source].known, Known::Jobs(_));
        let flowing: usize = (0..SOURCES).filter(has_jobs).map(|source| promised[source]).sum();
        let urgent = wanted[0] > 0 && promised[0] == 0;
        if flowing >= WORTH_IT * budget && !urgent {
            return plan;
        }
        let mut jobs = [0; SOURCES];
        while budget > 0 {
            let may = std::array::from_fn(|source| wanted[source] > 0 && (open > 0 || !is_other(source)));
            let Some(source) = self.turns.next(&may) else { break };
            jobs[source] += 1;
            wanted[source] -= 1;
            budget -= 1;
            open -= usize::from(is_other(source));
        }
        for (source, wish) in wishes.into_iter().enumerate() {
            match wish {
                Wish::Jobs(_, wait) if jobs[source] > 0 => plan.asks.push(self.ask(source, jobs[source], wait, now)),
                Wish::Bell => plan.asks.push(self.ask(source, 0, Duration::ZERO, now)),
                Wish::At(time) => plan.again = Some(plan.again.map_or(time, |again| again.min(time))),
                Wish::Jobs(..) | Wish::Nothing => {}
            }
        }
        plan
    }

    fn ask(&mut self, source: usize, jobs: usize, wait: Duration, now: Instant) -> Ask {
        let state = &mut self.sources[source];
        // Where jobs are known to be it would ring at once.
        let bell =
            wait.is_zero() && state.bell.is_none_or(|until| until <= now) && !matches!(state.known, Known::Jobs(_));
        if jobs > 0 {
            state.alone = wait.is_zero();
        }
        Ask { source, jobs, wait, bell }
    }

    fn wish(&self, source: Source, free: usize, promised: usize, contended: bool, now: Instant) -> Wish {
        let state = &self.sources[source.index()];
        if state.alone && promised > 0 {
            return Wish::Nothing;
        }
        let interactive = source.lane == Lane::Interactive;
        // How many interactive jobs wait is found out before a slot goes to another lane.
        let some = if interactive { usize::MAX } else { 1 };
        let parked = if contended { 0 } else { parked(source.lane, free) };
        let bell = state.bell.filter(|until| *until > now);
        match (state.known, bell) {
            (Known::Jobs(waiting), _) if free >= MANY => {
                Wish::Jobs(usize::try_from(waiting).unwrap_or(usize::MAX).saturating_sub(promised), SOON)
            }
            (Known::Quiet | Known::Lost(_), _) if parked > 0 => {
                let patience = if free >= MANY { PATIENCE.0 } else { PATIENCE.1 };
                Wish::Jobs(parked.saturating_sub(promised), patience)
            }
            _ if promised > 0 => Wish::Nothing,
            (Known::Jobs(waiting), _) => Wish::Jobs(usize::try_from(waiting).unwrap_or(usize::MAX), Duration::ZERO),
            (Known::Lost(until), _) if until > now && !contended => Wish::At(until),
            (Known::Rung, _) => Wish::Jobs(some, Duration::ZERO),
            (_, Some(until)) => Wish::At(until),
            // It rang meanwhile.
            (Known::Lost(_), None) => Wish::Jobs(some, Duration::ZERO),
            (Known::Quiet, None) if interactive && contended => Wish::Jobs(some, Duration::ZERO),
            (Known::Quiet, None) => Wish::Bell,
        }
    }
}

/// How many slots a source is promised while all are empty: few, for they are lost to the others for a while.
fn parked(lane: Lane, free: usize) -> usize {
    match (free, lane) {
        (MANY.., Lane::Interactive | Lane::Normal) => (free / 16).min(64),
        (MANY.., Lane::Bulk) => (free / 128).clamp(1, 8),
        (SOME.., Lane::Interactive | Lane::Normal) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; SOURCES] = [0; SOURCES];

    /// Source, jobs, whether a bell is left.
    fn asked(plan: &Plan) -> Vec<(usize, usize, bool)> {
        plan.asks.iter().map(|ask| (ask.source, ask.jobs, ask.bell)).collect()
    }

    /// With this many free slots and nothing under way; the bells are left.
    fn divide(credit: &mut Credit, free: usize, now: Instant) -> Vec<(usize, usize, bool)> {
        let plan = credit.divide(free, &NONE, (0, 0), now);
        plan.asks.iter().filter(|ask| ask.bell).for_each(|ask| credit.left_bell(ask.source, now));
        asked(&plan)
    }

    /// A worker that has found everything empty.
    fn idle(now: Instant) -> Credit {
        let mut credit = Credit::default();
        let bells = divide(&mut credit, 1, now);
        assert_eq!(bells, (0..SOURCES).map(|source| (source, 0, true)).collect::<Vec<_>>());
        credit
    }

    #[test]
    fn an_idle_worker_with_few_slots_promises_none_and_asks_again_when_its_bells_are_over() {
        let now = Instant::now();
        let mut credit = idle(now);
        let plan = credit.divide(1, &NONE, (0, 0), now);
        assert_eq!((asked(&plan), plan.again), (Vec::new(), Some(now + BELL_LOST)));
        (0..SOURCES).for_each(|source| credit.fell_silent(source));
        assert_eq!(divide(&mut credit, 1, now).len(), SOURCES);
    }

    #[test]
    fn an_idle_worker_with_many_slots_waits_everywhere_and_keeps_slots_back() {
        let now = Instant::now();
        let jobs = |free| {
            let plan = Credit::default().divide(free, &NONE, (0, 0), now);
            plan.asks.into_iter().filter(|ask| ask.jobs > 0).map(|ask| ask.jobs).collect::<Vec<_>>()
        };
        assert_eq!(jobs(1024), [64, 64, 8, 8, 8, 8, 8, 8, 8, 8]);
        assert_eq!(jobs(64), [4, 4, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(jobs(8), [1, 1]);
    }

    #[test]
    fn no_more_than_free_is_promised() {
        let now = Instant::now();
        for free in 1..200 {
            for (source, count, arrived) in [(0, 0, 0), (9, 1, 0), (1, 2, 1), (0, 5, 7)] {
                let (mut credit, mut promised) = (Credit::default(), NONE);
                credit.came(9, 1_000_000);
                credit.came(4, 3);
                credit.rang(1);
                promised[source] = count;
                let asked: usize =
                    credit.divide(free, &promised, (0, arrived), now).asks.iter().map(|ask| ask.jobs).sum();
                assert!(asked + arrived + count <= free.max(arrived + count), "{free} {source} {arrived}: {asked}");
            }
        }
    }

    #[test]
    fn slots_that_are_reserved_are_promised_to_interactive_jobs_only() {
        let now = Instant::now();
        let mut credit = Credit { reserved: 2, ..Credit::default() };
        (0..SOURCES).for_each(|source| credit.left_bell(source, now));
        credit.came(1, 50);
        credit.came(9, 50);
        let others = |plan: &Plan| plan.asks.iter().filter(|ask| ask.source != 0).map(|ask| ask.jobs).sum::<usize>();
        assert_eq!(others(&credit.divide(2, &NONE, (0, 0), now)), 0);
        assert_eq!(others(&credit.divide(5, &NONE, (0, 0), now)), 3);
        assert_eq!(others(&credit.divide(5, &NONE, (0, 3), now)), 0);
        assert_eq!(others(&credit.divide(5, &NONE, (2, 0), now)), 3);
        let mut promised = NONE;
        promised[4] = 2;
        assert_eq!(others(&credit.divide(5, &promised, (0, 0), now)), 1);
        credit.came(0, 7);
        assert_eq!(divide(&mut credit, 2, now), [(0, 2, false)]);
    }

    #[test]
    fn a_slot_freed_in_a_flood_goes_to_it_at_once_and_to_an_interactive_job_first() {
        let now = Instant::now();
        let mut credit = idle(now);
        credit.came(5, 50_000);
        assert_eq!(divide(&mut credit, 1, now), [(5, 1, false)]);
        credit.rang(0);
        assert_eq!(divide(&mut credit, 1, now), [(0, 1, true)]);
        // The last of them, and a new bell behind it.
        credit.came(0, 0);
        assert_eq!(divide(&mut credit, 1, now), [(5, 1, false)]);
    }

    #[test]
    fn how_many_interactive_jobs_wait_is_found_out_before_others_get_the_slots() {
        let now = Instant::now();
        let mut credit = idle(now);
        credit.came(5, 50_000);
        credit.rang(0);
        assert_eq!(divide(&mut credit, 8, now), [(0, 8, true)]);
        // The request that does not wait brought one.
        credit.came(0, 0);
        credit.empty(Source::at(0), 7, now);
        assert_eq!(divide(&mut credit, 7, now), [(5, 7, false)]);
    }

    #[test]
    fn full_sources_are_served_by_their_shares_one_slot_at_a_time() {
        let now = Instant::now();
        let mut credit = idle(now);
        (0..SOURCES).for_each(|source| credit.came(source, 1000));
        let mut served = NONE;
        for _ in 0..12 * 8 {
            let [(source, 1, false)] = divide(&mut credit, 1, now)[..] else { panic!("one slot, one job") };
            served[source] += 1;
        }
        assert_eq!(served, [64, 24, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn where_others_are_faster_an_idle_worker_steps_back_and_a_busy_one_does_not() {
        let now = Instant::now();
        let mut credit = idle(now);
        credit.rang(3);
        assert_eq!(divide(&mut credit, 1, now), [(3, 1, true)]);
        credit.empty(Source::at(3), 1, now);
        credit.rang(3);
        let plan = credit.divide(1, &NONE, (0, 0), now);
        let pause = Duration::from_millis(2);
        assert_eq!((asked(&plan), plan.again), (Vec::new(), Some(now + pause)));
        assert_eq!(divide(&mut credit, 1, now + pause), [(3, 1, true)]);
        credit.empty(Source::at(3), 1, now);
        credit.rang(3);
        credit.came(7, 10);
        assert_eq!(divide(&mut credit, 2, now), [(3, 1, true), (7, 1, false)]);
    }
}
