//! A queue of jobs: waiting, delayed or in flight, until they are settled.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Mutex,
    time::Duration,
};

use chrono::{DateTime, Utc};
use ruche_schemas::{
    JobRef, Kind, Lane, TenantId,
    topology::{
        bounds::DEDUP_WINDOW,
        sources::{SOURCES, Source},
    },
};
use tokio::{sync::watch, time::Instant};

use super::{jobs::Jobs, later::Later, lock::lock};
use crate::{
    port::{Depth, Message, POOL, PublishError, Queued, Receipt},
    round_robin::WeightedRoundRobin,
};

/// Jobs that are not due come after all others.
const LATER: u64 = 1 << 62;

#[derive(Debug)]
pub(super) struct Queue {
    kind: Kind,
    backlog: usize,
    ack_wait: Duration,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

pub(super) type Pool = Option<String>;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Of each pool, and of the jobs that are for none.
    sources: BTreeMap<Pool, [Jobs; SOURCES]>,
    round_robin: WeightedRoundRobin,
    sequence: u64,
    pub(super) later: Later,
    recent: HashSet<JobRef>,
    /// Until when a job id counts as a duplicate, the earliest first.
    recent_until: VecDeque<(Instant, JobRef)>,
}

/// A job in flight, with where it is settled.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) message: Message,
    pub(super) published_at: DateTime<Utc>,
    pub(super) attempt: u32,
    pub(super) source: usize,
    pub(super) sequence: u64,
}

impl State {
    fn all(&self) -> impl Iterator<Item = &Jobs> {
        self.sources.values().flatten()
    }

    /// Unsettled jobs and jobs for later.
    fn total(&self) -> usize {
        self.all().map(|jobs| jobs.entries.len()).sum::<usize>() + self.later.len()
    }

    pub(super) fn source(&mut self, pool: Pool, source: usize) -> &mut Jobs {
        &mut self.sources.entry(pool).or_default()[source]
    }

    pub(super) fn add(&mut self, message: Message, attempt: u32) {
        self.sequence += 1;
        let (sequence, source) = (self.sequence, Source::of(message.lane, &message.job.tenant).index());
        self.source(message.headers.get(POOL).cloned(), source).add(sequence, message, attempt);
    }

    fn wake(&mut self, now: Instant, backlog: usize) {
        self.sources.values_mut().flatten().for_each(|jobs| jobs.wake(now));
        let room = backlog.saturating_sub(self.total());
        for (message, attempt) in self.later.due(now, room) {
            self.add(message, attempt);
        }
    }
}

impl Queue {
    pub(super) fn new(kind: Kind, backlog: usize, ack_wait: Duration) -> Self {
        Self { kind, backlog, ack_wait, state: Mutex::default(), changed: watch::Sender::default() }
    }

    /// Accepts a job, for now or for this time.
    pub(super) fn publish_at(&self, message: Message, at: Option<DateTime<Utc>>) -> Result<Receipt, PublishError> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        while let Some((until, _)) = state.recent_until.front()
            && *until <= now
        {
            if let Some((_, job)) = state.recent_until.pop_front() {
                state.recent.remove(&job);
            }
        }
        if state.recent.contains(&message.job) {
            return Ok(Receipt { duplicate: true });
        }
        if state.total() >= self.backlog {
            return Err(PublishError::Full { kind: self.kind.clone() });
        }
        state.recent.insert(message.job.clone());
        state.recent_until.push_back((now + DEDUP_WINDOW, message.job.clone()));
        match at {
            Some(at) => state.later.put(message, 0, at),
            None => state.add(message, 0),
        }
        drop(state);
        self.changed.send_replace(());
        Ok(Receipt { duplicate: false })
    }

    /// Jobs that are ready, and when the next one will be.
    pub(super) fn take(&self, pool: &Pool, free: usize, reserved: usize) -> (Vec<Taken>, Option<Instant>) {
        let now = Instant::now();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.wake(now, self.backlog);
        let sources = state.sources.entry(pool.clone()).or_default();
        let mut taken = Vec::new();
        while taken.len() < free {
            // Other lanes leave the reserved slots free.
            let others = taken.iter().filter(|taken: &&Taken| taken.message.lane != Lane::Interactive).count();
            let full = others >= free.saturating_sub(reserved);
            let may = |source: usize| !full || Source::at(source).lane == Lane::Interactive;
            let wanted = std::array::from_fn(|source| !sources[source].ready.is_empty() && may(source));
            let Some(source) = state.round_robin.next(&wanted) else { break };
            let jobs = &mut sources[source];
            let Some(sequence) = jobs.ready.pop_first() else { break };
            jobs.set(sequence, Some(now + self.ack_wait));
            let Some(entry) = jobs.entries.get_mut(&sequence) else { continue };
            entry.attempt += 1;
            let (message, published_at, attempt) = (entry.message.clone(), entry.published_at, entry.attempt);
            taken.push(Taken { message, published_at, attempt, source, sequence });
        }
        taken.sort_by_key(|taken| taken.message.lane);
        let next = state.all().filter_map(|jobs| jobs.due.first()).map(|(until, _)| *until);
        let next = next.chain(state.later.next()).min();
        (taken, next)
    }

    /// Changes the jobs, and wakes the workers that wait.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut lock(&self.state));
        self.changed.send_replace(());
        result
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) const fn ack_wait(&self) -> Duration {
        self.ack_wait
    }

    /// A tenant's jobs that are not settled, after a position.
    pub(super) fn queued(&self, tenant: &TenantId, after: u64, limit: usize) -> Vec<Queued> {
        let state = lock(&self.state);
        let entries = state.all().flat_map(|jobs| jobs.entries.range(after.saturating_add(1)..));
        let mut entries: Vec<_> = entries.filter(|(_, entry)| entry.message.job.tenant == *tenant).collect();
        entries.sort_by_key(|(sequence, _)| **sequence);
        let queued = |sequence: u64, message: &Message, published_at, run_at| Queued {
            sequence,
            job: message.job.clone(),
            kind: self.kind.clone(),
            lane: message.lane,
            published_at,
            run_at,
            payload: message.payload.clone(),
            headers: message.headers.clone(),
        };
        let entries =
            entries.into_iter().map(|(&sequence, entry)| queued(sequence, &entry.message, entry.published_at, None));
        let mut later: Vec<_> = state.later.of_later(tenant).collect();
        later.sort_by_key(|(turn, ..)| *turn);
        let later = later.into_iter().map(|(turn, message, at)| queued(LATER + turn, message, at, Some(at)));
        entries.chain(later).filter(|job| job.sequence > after).take(limit).collect()
    }

    pub(super) fn later<T>(&self, change: impl FnOnce(&mut Later) -> T) -> T {
        let mut state = lock(&self.state);
        state.wake(Instant::now(), self.backlog);
        let result = change(&mut state.later);
        drop(state);
        self.changed.send_replace(());
        result
    }

    pub(super) fn depth(&self) -> Vec<Depth> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        state.wake(now, self.backlog);
        let depth = |lane: Lane| {
            let shards = state
                .sources
                .values()
                .flat_map(|sources| Source::of_lane(lane).map(move |source| &sources[source.index()]));
            let first =
                |jobs: &Jobs| jobs.ready.first().and_then(|first| jobs.entries.get(first)).map(|entry| entry.published);
            let oldest = shards.clone().filter_map(first).min();
            Depth {
                kind: self.kind.clone(),
                lane,
                waiting: shards.clone().map(|jobs| jobs.ready.len() as u64).sum(),
                in_flight: shards.map(|jobs| jobs.due.len() as u64).sum(),
                oldest: oldest.map(|published| now - published),
            }
        };
        Lane::ALL.map(depth).to_vec()
    }
}
