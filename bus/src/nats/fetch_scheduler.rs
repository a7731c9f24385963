//! Decides how many jobs a worker with free slots pulls from each source (a lane, or a shard of one); our own, because
//! the client's consumers know one source each and no priorities.
//!
//! A pull request reserves slots until it expires and can't be revoked. So only a worker with many free slots sends
//! pull requests to a source that may be empty. Elsewhere the worker leaves an availability probe
//! ([`super::availability`]), which reserves nothing and is notified as soon as there is a job. A freed slot is
//! allocated at once, because a source whose probe is not notified is known to be empty.
//!
//! Probes are renewed every five seconds, so an idle worker sends at most six requests a second.

use std::time::{Duration, Instant};

use ruche_schemas::{
    Lane,
    topology::sources::{SOURCES, Source},
};

use crate::round_robin::WeightedRoundRobin;

/// After this time a probe without an answer counts as lost.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);

/// From this many free slots on, each source gets pull requests while all are empty.
const MANY: usize = 64;

/// From this many free slots on, the lanes `interactive` and `normal` get a pull request for one job each.
const SOME: usize = 8;

/// How long pull requests wait while all sources are empty: with many free slots, and with some.
const PULL_WAIT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// How long a worker with many free slots waits for jobs that are known to be there.
const SOON: Duration = Duration::from_millis(100);

/// A request for less than this fraction of the slots in flight is not worth it.
const WORTH_IT: usize = 8;

/// The longest pause after notifications at which other workers were faster, in milliseconds.
const LONGEST_PAUSE: u64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PullRequest {
    pub(super) source: usize,
    /// 0: the request is a probe only.
    pub(super) jobs: usize,
    /// Zero takes what is there.
    pub(super) wait: Duration,
    pub(super) probe: bool,
}

/// What to request now, and when to plan again if nothing happens.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) requests: Vec<PullRequest>,
    pub(super) again: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum SourceState {
    /// With a probe it is empty, without one it is unknown.
    #[default]
    Quiet,
    Notified,
    /// This many jobs wait, by the last delivery.
    Jobs(u64),
    /// Its probe was notified, and other workers were faster. Of many idle workers most pull in vain, so it is
    /// skipped until then unless other sources have jobs.
    Outrun(Instant),
}

#[derive(Debug, Clone, Copy, Default)]
struct Tracked {
    state: SourceState,
    /// The expiry of a probe that has not been notified.
    probe: Option<Instant>,
    vain: u32,
    /// Whether the request under way does not wait. The server does not say how much of such a request is unused, so
    /// it must be the only one.
    alone: bool,
}

#[derive(Debug, Default)]
pub(super) struct FetchScheduler {
    sources: [Tracked; SOURCES],
    round_robin: WeightedRoundRobin,
    /// Free slots that take interactive jobs only.
    pub(super) reserved: usize,
}

#[derive(Debug, Clone, Copy)]
enum Demand {
    Nothing,
    /// A request for this many jobs that waits this long.
    Jobs(usize, Duration),
    Probe,
    At(Instant),
}

impl FetchScheduler {
    /// `behind`: the jobs that wait behind it.
    pub(super) fn job_arrived(&mut self, source: usize, behind: u64) {
        let tracked = &mut self.sources[source];
        tracked.vain = 0;
        tracked.state = if behind == 0 { SourceState::Quiet } else { SourceState::Jobs(behind) };
    }

    pub(super) fn probe_sent(&mut self, source: usize, now: Instant) {
        self.sources[source].probe = Some(now + PROBE_TIMEOUT);
    }

    pub(super) fn notified(&mut self, source: usize) {
        let tracked = &mut self.sources[source];
        tracked.probe = None;
        if tracked.state == SourceState::Quiet {
            tracked.state = SourceState::Notified;
        }
    }

    pub(super) fn probe_expired(&mut self, source: usize) {
        self.sources[source].probe = None;
    }

    /// A request ended with this many unused: the source is empty.
    pub(super) fn exhausted(&mut self, source: Source, unused: usize, now: Instant) {
        self.round_robin.give_back(source.lane, unused);
        let tracked = &mut self.sources[source.index()];
        tracked.state = match tracked.state {
            SourceState::Quiet | SourceState::Jobs(_) => SourceState::Quiet,
            SourceState::Notified | SourceState::Outrun(_) => {
                tracked.vain = tracked.vain.saturating_add(1);
                let pause = 2_u64.saturating_pow(tracked.vain).min(LONGEST_PAUSE);
                SourceState::Outrun(now + Duration::from_millis(pause))
            }
        };
    }

    pub(super) fn unanswered(&mut self, source: usize) {
        self.sources[source].state = SourceState::Quiet;
    }

    /// The connection was lost: nothing is known, and no probe will be notified.
    pub(super) fn reset(&mut self) {
        self.sources = Default::default();
    }

    /// Allocates the free slots without a request. The pair counts jobs that have arrived and have no slot yet:
    /// interactive ones and others.
    pub(super) fn allocate(
        &mut self,
        free: usize,
        in_flight: &[usize; SOURCES],
        (interactive, others): (usize, usize),
        now: Instant,
    ) -> Plan {
        let mut plan = Plan::default();
        let mut budget = free.saturating_sub(interactive + others + in_flight.iter().sum::<usize>());
        let is_other = |source: usize| Source::at(source).lane != Lane::Interactive;
        let in_flight_others: usize =
            (0..SOURCES).filter(|source| is_other(*source)).map(|source| in_flight[source]).sum();
        let mut open = free.saturating_sub(self.reserved + others + in_flight_others);
        if budget == 0 {
            return plan;
        }
        let contended =
            self.sources.iter().any(|tracked| matches!(tracked.state, SourceState::Jobs(_) | SourceState::Notified));
        let demand = |source: Source| self.demand(source, free, in_flight[source.index()], contended, now);
        let demands: Vec<_> = Source::all().map(demand).collect();
        let mut wanted: [usize; SOURCES] = std::array::from_fn(|source| match demands[source] {
            Demand::Jobs(jobs, _) => jobs,
            _ => 0,
        });
        // While many jobs are in flight, a request for a few more is not worth it, unless an interactive job waits.
        let has_jobs = |&source: &usize| matches!(self.sources[source].state, SourceState::Jobs(_));
        let flowing: usize = (0..SOURCES).filter(has_jobs).map(|source| in_flight[source]).sum();
        let urgent = wanted[0] > 0 && in_flight[0] == 0;
        if flowing >= WORTH_IT * budget && !urgent {
            return plan;
        }
        let mut jobs = [0; SOURCES];
        while budget > 0 {
            let may = std::array::from_fn(|source| wanted[source] > 0 && (open > 0 || !is_other(source)));
            let Some(source) = self.round_robin.next(&may) else { break };
            jobs[source] += 1;
            wanted[source] -= 1;
            budget -= 1;
            open -= usize::from(is_other(source));
        }
        for (source, demand) in demands.into_iter().enumerate() {
            match demand {
                Demand::Jobs(_, wait) if jobs[source] > 0 => {
                    plan.requests.push(self.request(source, jobs[source], wait, now))
                }
                Demand::Probe => plan.requests.push(self.request(source, 0, Duration::ZERO, now)),
                Demand::At(time) => plan.again = Some(plan.again.map_or(time, |again| again.min(time))),
                Demand::Jobs(..) | Demand::Nothing => {}
            }
        }
        plan
    }

    fn request(&mut self, source: usize, jobs: usize, wait: Duration, now: Instant) -> PullRequest {
        let tracked = &mut self.sources[source];
        // Where jobs are known to be, a probe would be notified at once.
        let probe = wait.is_zero()
            && tracked.probe.is_none_or(|until| until <= now)
            && !matches!(tracked.state, SourceState::Jobs(_));
        if jobs > 0 {
            tracked.alone = wait.is_zero();
        }
        PullRequest { source, jobs, wait, probe }
    }

    fn demand(&self, source: Source, free: usize, in_flight: usize, contended: bool, now: Instant) -> Demand {
        let tracked = &self.sources[source.index()];
        if tracked.alone && in_flight > 0 {
            return Demand::Nothing;
        }
        let interactive = source.lane == Lane::Interactive;
        // Pull all interactive jobs before a slot goes to another lane.
        let some = if interactive { usize::MAX } else { 1 };
        let parked = if contended { 0 } else { parked(source.lane, free) };
        let probe = tracked.probe.filter(|until| *until > now);
        match (tracked.state, probe) {
            (SourceState::Jobs(waiting), _) if free >= MANY => {
                Demand::Jobs(usize::try_from(waiting).unwrap_or(usize::MAX).saturating_sub(in_flight), SOON)
            }
            (SourceState::Quiet | SourceState::Outrun(_), _) if parked > 0 => {
                let wait = if free >= MANY { PULL_WAIT.0 } else { PULL_WAIT.1 };
                Demand::Jobs(parked.saturating_sub(in_flight), wait)
            }
            _ if in_flight > 0 => Demand::Nothing,
            (SourceState::Jobs(waiting), _) => {
                Demand::Jobs(usize::try_from(waiting).unwrap_or(usize::MAX), Duration::ZERO)
            }
            (SourceState::Outrun(until), _) if until > now && !contended => Demand::At(until),
            (SourceState::Notified, _) => Demand::Jobs(some, Duration::ZERO),
            (_, Some(until)) => Demand::At(until),
            // The probe was notified meanwhile.
            (SourceState::Outrun(_), None) => Demand::Jobs(some, Duration::ZERO),
            (SourceState::Quiet, None) if interactive && contended => Demand::Jobs(some, Duration::ZERO),
            (SourceState::Quiet, None) => Demand::Probe,
        }
    }
}

/// How many slots each source reserves while all are empty: few, because other sources can't have them meanwhile.
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

    /// Source, jobs, whether a probe follows.
    fn requested(plan: &Plan) -> Vec<(usize, usize, bool)> {
        plan.requests.iter().map(|request| (request.source, request.jobs, request.probe)).collect()
    }

    /// Allocates with nothing in flight, and sends the probes.
    fn allocate(scheduler: &mut FetchScheduler, free: usize, now: Instant) -> Vec<(usize, usize, bool)> {
        let plan = scheduler.allocate(free, &NONE, (0, 0), now);
        plan.requests
            .iter()
            .filter(|request| request.probe)
            .for_each(|request| scheduler.probe_sent(request.source, now));
        requested(&plan)
    }

    /// A worker that found all sources empty.
    fn idle(now: Instant) -> FetchScheduler {
        let mut scheduler = FetchScheduler::default();
        let probes = allocate(&mut scheduler, 1, now);
        assert_eq!(probes, (0..SOURCES).map(|source| (source, 0, true)).collect::<Vec<_>>());
        scheduler
    }

    #[test]
    fn an_idle_worker_with_few_slots_reserves_none_and_renews_its_probes_when_they_expire() {
        let now = Instant::now();
        let mut scheduler = idle(now);
        let plan = scheduler.allocate(1, &NONE, (0, 0), now);
        assert_eq!((requested(&plan), plan.again), (Vec::new(), Some(now + PROBE_TIMEOUT)));
        (0..SOURCES).for_each(|source| scheduler.probe_expired(source));
        assert_eq!(allocate(&mut scheduler, 1, now).len(), SOURCES);
    }

    #[test]
    fn an_idle_worker_with_many_slots_waits_everywhere_and_keeps_some_slots() {
        let now = Instant::now();
        let jobs = |free| {
            let plan = FetchScheduler::default().allocate(free, &NONE, (0, 0), now);
            plan.requests.into_iter().filter(|request| request.jobs > 0).map(|request| request.jobs).collect::<Vec<_>>()
        };
        assert_eq!(jobs(1024), [64, 64, 8, 8, 8, 8, 8, 8, 8, 8]);
        assert_eq!(jobs(64), [4, 4, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(jobs(8), [1, 1]);
    }

    #[test]
    fn no_more_than_free_is_requested() {
        let now = Instant::now();
        for free in 1..200 {
            for (source, count, arrived) in [(0, 0, 0), (9, 1, 0), (1, 2, 1), (0, 5, 7)] {
                let (mut scheduler, mut in_flight) = (FetchScheduler::default(), NONE);
                scheduler.job_arrived(9, 1_000_000);
                scheduler.job_arrived(4, 3);
                scheduler.notified(1);
                in_flight[source] = count;
                let requested: usize = scheduler
                    .allocate(free, &in_flight, (0, arrived), now)
                    .requests
                    .iter()
                    .map(|request| request.jobs)
                    .sum();
                assert!(
                    requested + arrived + count <= free.max(arrived + count),
                    "{free} {source} {arrived}: {requested}"
                );
            }
        }
    }

    #[test]
    fn reserved_slots_are_requested_for_interactive_jobs_only() {
        let now = Instant::now();
        let mut scheduler = FetchScheduler { reserved: 2, ..FetchScheduler::default() };
        (0..SOURCES).for_each(|source| scheduler.probe_sent(source, now));
        scheduler.job_arrived(1, 50);
        scheduler.job_arrived(9, 50);
        let others = |plan: &Plan| {
            plan.requests.iter().filter(|request| request.source != 0).map(|request| request.jobs).sum::<usize>()
        };
        assert_eq!(others(&scheduler.allocate(2, &NONE, (0, 0), now)), 0);
        assert_eq!(others(&scheduler.allocate(5, &NONE, (0, 0), now)), 3);
        assert_eq!(others(&scheduler.allocate(5, &NONE, (0, 3), now)), 0);
        assert_eq!(others(&scheduler.allocate(5, &NONE, (2, 0), now)), 3);
        let mut in_flight = NONE;
        in_flight[4] = 2;
        assert_eq!(others(&scheduler.allocate(5, &in_flight, (0, 0), now)), 1);
        scheduler.job_arrived(0, 7);
        assert_eq!(allocate(&mut scheduler, 2, now), [(0, 2, false)]);
    }

    #[test]
    fn a_slot_freed_in_a_flood_goes_to_it_at_once_and_to_an_interactive_job_first() {
        let now = Instant::now();
        let mut scheduler = idle(now);
        scheduler.job_arrived(5, 50_000);
        assert_eq!(allocate(&mut scheduler, 1, now), [(5, 1, false)]);
        scheduler.notified(0);
        assert_eq!(allocate(&mut scheduler, 1, now), [(0, 1, true)]);
        // The last of them, and a new probe behind it.
        scheduler.job_arrived(0, 0);
        assert_eq!(allocate(&mut scheduler, 1, now), [(5, 1, false)]);
    }

    #[test]
    fn all_interactive_jobs_are_pulled_before_others_get_the_slots() {
        let now = Instant::now();
        let mut scheduler = idle(now);
        scheduler.job_arrived(5, 50_000);
        scheduler.notified(0);
        assert_eq!(allocate(&mut scheduler, 8, now), [(0, 8, true)]);
        // The request that does not wait brought one.
        scheduler.job_arrived(0, 0);
        scheduler.exhausted(Source::at(0), 7, now);
        assert_eq!(allocate(&mut scheduler, 7, now), [(5, 7, false)]);
    }

    #[test]
    fn full_sources_are_served_by_their_shares_one_slot_at_a_time() {
        let now = Instant::now();
        let mut scheduler = idle(now);
        (0..SOURCES).for_each(|source| scheduler.job_arrived(source, 1000));
        let mut served = NONE;
        for _ in 0..12 * 8 {
            let [(source, 1, false)] = allocate(&mut scheduler, 1, now)[..] else { panic!("one slot, one job") };
            served[source] += 1;
        }
        assert_eq!(served, [64, 24, 1, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn where_others_are_faster_an_idle_worker_steps_back_and_a_busy_one_does_not() {
        let now = Instant::now();
        let mut scheduler = idle(now);
        scheduler.notified(3);
        assert_eq!(allocate(&mut scheduler, 1, now), [(3, 1, true)]);
        scheduler.exhausted(Source::at(3), 1, now);
        scheduler.notified(3);
        let plan = scheduler.allocate(1, &NONE, (0, 0), now);
        let pause = Duration::from_millis(2);
        assert_eq!((requested(&plan), plan.again), (Vec::new(), Some(now + pause)));
        assert_eq!(allocate(&mut scheduler, 1, now + pause), [(3, 1, true)]);
        scheduler.exhausted(Source::at(3), 1, now);
        scheduler.notified(3);
        scheduler.job_arrived(7, 10);
        assert_eq!(allocate(&mut scheduler, 2, now), [(3, 1, true), (7, 1, false)]);
    }
}
