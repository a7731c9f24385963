//! Delivers cancellations to the worker that runs the job at once, mostly without a request to the bus.
//!
//! **Why no cancellation is missed.** A listener keeps the newest cancellations and cancels running jobs. A job that
//! was accepted after the listener began can only have been cancelled since. So the listener gets the cancellation
//! either before the job is entered, and [`Running::begin`] finds it, or after, and the running job is cancelled; one
//! lock guards both. For every other job the bus is asked: one accepted before the listener began, or within a minute
//! of it, since clocks differ; an attempt after the first; one whose cancellation newer ones have displaced.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use ruche_bus::Bus;
use ruche_schemas::{JobRef, clock::Clock};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::listen;

/// The most cancellations that are kept.
const RECENT: usize = 10_000;
/// How far back a listener reads at its start: jobs accepted since then need no request.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(5);
/// How far clocks may differ.
const SKEW: TimeDelta = TimeDelta::seconds(60);

pub(super) struct Running {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    jobs: HashMap<JobRef, CancellationToken>,
    recent: HashSet<JobRef>,
    /// `recent`, oldest first.
    order: VecDeque<JobRef>,
    /// Every cancellation since then is among the recent ones; `None` without a listener.
    since: Option<DateTime<Utc>>,
}

impl Running {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), clock }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a job; its token is set already if it was cancelled just now.
    pub(super) fn begin(&self, job: &JobRef) -> Entry<'_> {
        let token = CancellationToken::new();
        let mut state = self.locked();
        if state.recent.contains(job) {
            token.cancel();
        }
        state.jobs.insert(job.clone(), token.clone());
        drop(state);
        Entry { running: self, job: job.clone(), token }
    }

    /// Whether a job that was accepted at this time was cancelled; `None` if only the bus knows.
    pub(super) fn is_cancelled(&self, job: &JobRef, accepted: DateTime<Utc>) -> Option<bool> {
        let state = self.locked();
        match state.recent.contains(job) {
            true => Some(true),
            false => state.since.is_some_and(|since| accepted > since + SKEW).then_some(false),
        }
    }

    /// Every cancellation since this time is among these, or reaches the listener.
    fn listening(&self, since: DateTime<Utc>, recent: &[JobRef]) {
        let mut state = self.locked();
        state.since = Some(since);
        recent.iter().for_each(|job| state.cancel(job, &*self.clock));
    }

    fn cancel(&self, job: &JobRef) {
        self.locked().cancel(job, &*self.clock);
    }

    fn jobs(&self) -> Vec<JobRef> {
        self.locked().jobs.keys().cloned().collect()
    }
}

impl State {
    fn cancel(&mut self, job: &JobRef, clock: &dyn Clock) {
        if self.recent.insert(job.clone()) {
            self.order.push_back(job.clone());
        }
        if self.order.len() > RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.recent.remove(&oldest);
            // A job that was accepted until now may be the one whose cancellation is dropped here.
            self.since = self.since.map(|_| clock.now());
        }
        if let Some(token) = self.jobs.get(job) {
            info!(job.id = %job.id, "cancelled");
            token.cancel();
        }
    }
}

/// Removes a running job on drop.
pub(super) struct Entry<'a> {
    running: &'a Running,
    job: JobRef,
    pub(super) token: CancellationToken,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.running.locked().jobs.remove(&self.job);
    }
}

/// Listens for cancellations until `stop`. After each gap it asks for every running job.
pub(super) async fn listen(bus: Arc<dyn Bus>, running: Arc<Running>, stop: CancellationToken) {
    listen::until(stop, || listen_once(&*bus, &running)).await;
}

async fn listen_once(bus: &dyn Bus, running: &Running) {
    let mut cancellations = match bus.cancellations().await {
        Ok(cancellations) => cancellations,
        Err(error) => return warn!(%error, "cancellations can't be heard: trying again"),
    };
    let since = running.clock.now() - LOOK_BACK;
    let recent = match bus.cancelled_since(since, RECENT).await {
        Ok(recent) => recent,
        Err(error) => return warn!(%error, "the last cancellations can't be read: trying again"),
    };
    // At the bound some may be missing: ask the bus for every job that was accepted until now.
    let since = if recent.len() < RECENT { since } else { running.clock.now() };
    running.listening(since, &recent);
    for job in running.jobs() {
        if bus.is_cancelled(&job).await.unwrap_or(false) {
            running.cancel(&job);
        }
    }
    while let Some(job) = cancellations.next().await {
        running.cancel(&job);
    }
}

#[cfg(test)]
mod tests {
    use ruche_schemas::{JobId, clock};

    use super::*;

    fn running() -> Running {
        Running::new(Arc::new(clock::System))
    }

    fn job() -> JobRef {
        JobRef { tenant: "acme".parse().expect("a name"), id: JobId::generate() }
    }

    #[test]
    fn a_cancellation_between_the_question_and_the_beginning_is_seen() {
        let (running, job, later) = (running(), job(), clock::now() + SKEW * 2);
        assert_eq!(running.is_cancelled(&job, later), None, "nobody listens yet");
        running.listening(clock::now(), &[]);
        assert_eq!(running.is_cancelled(&job, later), Some(false));
        assert_eq!(running.is_cancelled(&job, clock::now()), None, "it may have been cancelled before");
        running.cancel(&job);
        assert!(running.begin(&job).token.is_cancelled());
        assert_eq!(running.is_cancelled(&job, later), Some(true));
    }

    #[test]
    fn many_cancellations_are_bounded_and_those_forgotten_are_asked_for() {
        let (running, first) = (running(), job());
        running.listening(clock::now(), std::slice::from_ref(&first));
        assert_eq!(running.is_cancelled(&first, clock::now()), Some(true));
        (0..RECENT).for_each(|_| running.cancel(&job()));
        assert_eq!(running.locked().recent.len(), RECENT);
        assert_eq!(running.is_cancelled(&first, clock::now()), None);
    }
}
