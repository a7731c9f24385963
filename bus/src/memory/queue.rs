//! A queue of jobs: waiting, delayed or in flight, until they are settled.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{
    JobRef, Kind, Lane, TenantId, clock,
    topology::{
        bounds::DEDUP_WINDOW,
        sources::{SOURCES, Source},
    },
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{later::Later, lock::lock};
use crate::{
    port::{Deliveries, Delivery, Depth, Extend, Message, POOL, PublishError, Queued, Receipt, Settle, Unavailable},
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

type Pool = Option<String>;

#[derive(Debug, Default)]
struct State {
    /// Of each pool, and of the jobs that are for none.
    sources: BTreeMap<Pool, [Jobs; SOURCES]>,
    round_robin: WeightedRoundRobin,
    sequence: u64,
    later: Later,
    recent: HashSet<JobRef>,
    /// Until when a job id counts as a duplicate, the earliest first.
    recent_until: VecDeque<(Instant, JobRef)>,
}

#[derive(Debug, Default)]
struct Jobs {
    entries: BTreeMap<u64, Entry>,
    ready: BTreeSet<u64>,
    /// When a job becomes ready: its delay or its ack wait ends.
    due: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    published_at: DateTime<Utc>,
    published: Instant,
    attempt: u32,
    /// In flight or delayed until then.
    until: Option<Instant>,
}

impl Jobs {
    /// Makes it ready at this time; `None`: at once.
    fn set(&mut self, sequence: u64, until: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        if let Some(old) = std::mem::replace(&mut entry.until, until) {
            self.due.remove(&(old, sequence));
        }
        self.ready.remove(&sequence);
        match until {
            Some(until) => self.due.insert((until, sequence)),
            None => self.ready.insert(sequence),
        };
    }

    fn remove(&mut self, sequence: u64) {
        self.set(sequence, None);
        self.ready.remove(&sequence);
        self.entries.remove(&sequence);
    }

    fn wake(&mut self, now: Instant) {
        while let Some(&(until, sequence)) = self.due.first()
            && until <= now
        {
            self.set(sequence, None);
        }
    }
}

impl State {
    fn all(&self) -> impl Iterator<Item = &Jobs> {
        self.sources.values().flatten()
    }

    /// Unsettled jobs and jobs for later.
    fn total(&self) -> usize {
        self.all().map(|jobs| jobs.entries.len()).sum::<usize>() + self.later.len()
    }

    fn add(&mut self, message: Message, attempt: u32) {
        self.sequence += 1;
        let (sequence, source) = (self.sequence, Source::of(message.lane, &message.job.tenant).index());
        let jobs = &mut self.sources.entry(message.headers.get(POOL).cloned()).or_default()[source];
        let entry = Entry { message, published_at: clock::now(), published: Instant::now(), attempt, until: None };
        jobs.entries.insert(sequence, entry);
        jobs.ready.insert(sequence);
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
    fn take(self: &Arc<Self>, pool: &Pool, free: usize, reserved: usize) -> (Vec<Delivery>, Option<Instant>) {
        let now = Instant::now();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.wake(now, self.backlog);
        let sources = state.sources.entry(pool.clone()).or_default();
        let mut taken = Vec::new();
        while taken.len() < free {
            // Other lanes leave the reserved slots free.
            let others = taken.iter().filter(|taken: &&Delivery| taken.lane != Lane::Interactive).count();
            let full = others >= free.saturating_sub(reserved);
            let may = |source: usize| !full || Source::at(source).lane == Lane::Interactive;
            let wanted = std::array::from_fn(|source| !sources[source].ready.is_empty() && may(source));
            let Some(source) = state.round_robin.next(&wanted) else { break };
            let jobs = &mut sources[source];
            let Some(sequence) = jobs.ready.pop_first() else { break };
            jobs.set(sequence, Some(now + self.ack_wait));
            let Some(entry) = jobs.entries.get_mut(&sequence) else { continue };
            entry.attempt += 1;
            taken.push(self.delivery(entry, Ticket { queue: Arc::clone(self), pool: pool.clone(), source, sequence }));
        }
        taken.sort_by_key(|delivery| delivery.lane);
        let next = state.all().filter_map(|jobs| jobs.due.first()).map(|(until, _)| *until);
        let next = next.chain(state.later.next()).min();
        (taken, next)
    }

    fn delivery(&self, entry: &Entry, ticket: Ticket) -> Delivery {
        Delivery {
            job: entry.message.job.clone(),
            kind: self.kind.clone(),
            lane: entry.message.lane,
            attempt: entry.attempt,
            payload: entry.message.payload.clone(),
            headers: entry.message.headers.clone(),
            published_at: entry.published_at,
            first_seq: entry.message.first_seq,
            settle: Box::new(ticket),
        }
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

/// Settles one delivery. A late acknowledgement counts, as on NATS.
#[derive(Debug, Clone)]
struct Ticket {
    queue: Arc<Queue>,
    pool: Pool,
    source: usize,
    sequence: u64,
}

impl Ticket {
    fn with<T>(&self, change: impl FnOnce(&mut Jobs) -> T) -> T {
        let result = change(&mut lock(&self.queue.state).sources.entry(self.pool.clone()).or_default()[self.source]);
        self.queue.changed.send_replace(());
        result
    }

    /// Removes the job, unless it is settled; returns it with the attempts that were used.
    fn take_out(&self, counts: bool) -> Option<(Message, u32)> {
        self.with(|jobs| {
            let entry = jobs.entries.get(&self.sequence)?;
            let taken = (entry.message.clone(), entry.attempt.saturating_sub(u32::from(!counts)));
            jobs.remove(self.sequence);
            Some(taken)
        })
    }
}

#[async_trait]
impl Settle for Ticket {
    async fn ack(&self) -> Result<(), Unavailable> {
        self.with(|jobs| jobs.remove(self.sequence));
        Ok(())
    }

    async fn nak(&self, after: Duration) -> Result<(), Unavailable> {
        let until = (!after.is_zero()).then(|| Instant::now() + after);
        self.with(|jobs| jobs.set(self.sequence, until));
        Ok(())
    }

    async fn term(&self) -> Result<(), Unavailable> {
        self.ack().await
    }

    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        if let Some((message, used)) = self.take_out(counts) {
            lock(&self.queue.state).later.put(message, used, until);
        }
        self.queue.changed.send_replace(());
        Ok(())
    }

    async fn forward(&self, pool: &str) -> Result<(), Unavailable> {
        if let Some((mut message, used)) = self.take_out(false) {
            message.headers.insert(POOL.to_owned(), pool.to_owned());
            lock(&self.queue.state).add(message, used);
        }
        self.queue.changed.send_replace(());
        Ok(())
    }

    fn extender(&self) -> Box<dyn Extend> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Extend for Ticket {
    async fn extend(&self) -> Result<(), Unavailable> {
        let until = Instant::now() + self.queue.ack_wait;
        self.with(|jobs| jobs.set(self.sequence, Some(until)));
        Ok(())
    }
}

/// A queue as one worker sees it.
#[derive(Debug)]
pub(super) struct MemoryDeliveries {
    queue: Arc<Queue>,
    pool: Pool,
    reserved: usize,
    changed: watch::Receiver<()>,
}

impl MemoryDeliveries {
    pub(super) fn new(queue: Arc<Queue>, pool: Pool) -> Self {
        let changed = queue.changed.subscribe();
        Self { queue, pool, reserved: 0, changed }
    }
}

#[async_trait]
impl Deliveries for MemoryDeliveries {
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery> {
        loop {
            self.changed.mark_unchanged();
            let (taken, next) = self.queue.take(&self.pool, free.get(), self.reserved);
            if !taken.is_empty() {
                return taken;
            }
            let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            tokio::select! {
                _ = self.changed.changed() => {}
                () = time::sleep_until(next) => {}
            }
        }
    }

    fn reserve(&mut self, slots: usize) {
        self.reserved = slots;
    }

    async fn close(self: Box<Self>) {}
}
