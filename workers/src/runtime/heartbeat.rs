//! Heartbeats keep a long job from redelivery, and keep its tenant's concurrency slot.
//!
//! One task sends those of all jobs of a worker, on a runtime of its own, which busy handlers can't delay. Most jobs
//! end before their first heartbeat is due, and cost an entry in a table.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use ruche_bus::{ConcurrencySlot, Extend};
use tokio::{runtime::Handle, time::Instant};
use tracing::debug;

/// The running jobs, each with the time of its next heartbeat.
pub(super) struct Heartbeats {
    state: Mutex<State>,
    /// Between two heartbeats of one job: a third of the ack wait.
    pause: Duration,
    on: Handle,
}

#[derive(Default)]
struct State {
    running: HashMap<u64, (Instant, Arc<Job>)>,
    next: u64,
}

struct Job {
    extender: Box<dyn Extend>,
    /// Locked, so that a slot is not renewed after its release.
    slot: Option<tokio::sync::Mutex<Option<Box<dyn ConcurrencySlot>>>>,
}

impl Job {
    async fn beat(&self) {
        if let Err(error) = self.extender.extend().await {
            debug!(%error, "a sign of life was not sent");
        }
        let Some(slot) = &self.slot else { return };
        if let Some(slot) = &*slot.lock().await
            && let Err(error) = slot.renew().await
        {
            debug!(%error, "a place was not kept");
        }
    }

    async fn leave(&self) {
        let Some(slot) = &self.slot else { return };
        if let Some(slot) = slot.lock().await.take() {
            slot.release().await;
        }
    }
}

impl Heartbeats {
    /// Sends heartbeats from this runtime, until dropped.
    pub(super) fn start(on: &Handle, ack_wait: Duration) -> Arc<Self> {
        let heartbeats = Arc::new(Self { state: Mutex::default(), pause: ack_wait / 3, on: on.clone() });
        on.spawn(run(Arc::downgrade(&heartbeats), ack_wait / 12));
        heartbeats
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Extends a job, and its slot, until the heartbeat is stopped or dropped.
    pub(super) fn start_job(
        self: &Arc<Self>,
        extender: Box<dyn Extend>,
        slot: Option<Box<dyn ConcurrencySlot>>,
    ) -> Heartbeat {
        let job = Arc::new(Job { extender, slot: slot.map(|slot| tokio::sync::Mutex::new(Some(slot))) });
        let due = Instant::now() + self.pause;
        let mut state = self.locked();
        let id = state.next;
        state.next += 1;
        state.running.insert(id, (due, job));
        drop(state);
        Heartbeat { all: Arc::clone(self), id }
    }

    fn due(&self, now: Instant) -> Vec<Arc<Job>> {
        let mut state = self.locked();
        let due = state.running.values_mut().filter(|(due, _)| *due <= now);
        due.map(|(due, job)| {
            *due = now + self.pause;
            Arc::clone(job)
        })
        .collect()
    }
}

/// Runs often enough that no heartbeat is late by more than a twelfth of the ack wait.
async fn run(heartbeats: Weak<Heartbeats>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(heartbeats) = heartbeats.upgrade() else { return };
        for job in heartbeats.due(Instant::now()) {
            // Each in its own task, so that none waits for another's answer.
            tokio::spawn(async move { job.beat().await });
        }
    }
}

/// Extends one delivery. Once dropped, the job is redelivered and its slot is free after the ack wait.
pub(super) struct Heartbeat {
    all: Arc<Heartbeats>,
    id: u64,
}

impl Heartbeat {
    /// Releases the slot of a settled job.
    pub(super) fn stop(self) {
        let stopped = self.all.locked().running.remove(&self.id);
        if let Some((_, job)) = stopped
            && job.slot.is_some()
        {
            self.all.on.spawn(async move { job.leave().await });
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.all.locked().running.remove(&self.id);
    }
}
