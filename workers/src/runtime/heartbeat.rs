//! Signs of life: what keeps a long job from being handed to another worker, and its place among its tenant's.
//!
//! One task for all jobs of a worker, on a runtime that the work can't starve. Most jobs end before their first sign
//! is due, and cost an entry in a table.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use ruche_bus::{ConcurrencySlot, Extend};
use tokio::{runtime::Handle, time::Instant};
use tracing::debug;

/// The jobs that run, each with its next sign of life.
pub(super) struct Pulses {
    beats: Mutex<Beats>,
    /// Between two signs of one job: three per ack wait.
    pause: Duration,
    on: Handle,
}

#[derive(Default)]
struct Beats {
    running: HashMap<u64, (Instant, Arc<Beat>)>,
    next: u64,
}

/// What is kept of one job.
struct Beat {
    extender: Box<dyn Extend>,
    /// Under a lock, so that a place is not kept after it was given back.
    seat: Option<tokio::sync::Mutex<Option<Box<dyn ConcurrencySlot>>>>,
}

impl Beat {
    async fn sign(&self) {
        if let Err(error) = self.extender.extend().await {
            debug!(%error, "a sign of life was not sent");
        }
        let Some(seat) = &self.seat else { return };
        if let Some(seat) = &*seat.lock().await
            && let Err(error) = seat.renew().await
        {
            debug!(%error, "a place was not kept");
        }
    }

    async fn leave(&self) {
        let Some(seat) = &self.seat else { return };
        if let Some(seat) = seat.lock().await.take() {
            seat.release().await;
        }
    }
}

impl Pulses {
    /// Sends signs of life from this runtime, until dropped.
    pub(super) fn start(on: &Handle, ack_wait: Duration) -> Arc<Self> {
        let pulses = Arc::new(Self { beats: Mutex::default(), pause: ack_wait / 3, on: on.clone() });
        on.spawn(run(Arc::downgrade(&pulses), ack_wait / 12));
        pulses
    }

    fn locked(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a job, and its seat, until the pulse is stopped or dropped.
    pub(super) fn keep(self: &Arc<Self>, extender: Box<dyn Extend>, seat: Option<Box<dyn ConcurrencySlot>>) -> Pulse {
        let beat = Arc::new(Beat { extender, seat: seat.map(|seat| tokio::sync::Mutex::new(Some(seat))) });
        let due = Instant::now() + self.pause;
        let mut beats = self.locked();
        let id = beats.next;
        beats.next += 1;
        beats.running.insert(id, (due, beat));
        drop(beats);
        Pulse { pulses: Arc::clone(self), id }
    }

    /// Whose sign is due.
    fn due(&self, now: Instant) -> Vec<Arc<Beat>> {
        let mut beats = self.locked();
        let due = beats.running.values_mut().filter(|(due, _)| *due <= now);
        due.map(|(due, beat)| {
            *due = now + self.pause;
            Arc::clone(beat)
        })
        .collect()
    }
}

/// Looks often enough that no sign is late by more than a fraction of the ack wait.
async fn run(pulses: Weak<Pulses>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(pulses) = pulses.upgrade() else { return };
        for beat in pulses.due(Instant::now()) {
            // Each on its own: one that waits for an answer holds up no other.
            tokio::spawn(async move { beat.sign().await });
        }
    }
}

/// Extends one delivery until dropped: then it is handed out again, and its place is free, after the ack wait.
pub(super) struct Pulse {
    pulses: Arc<Pulses>,
    id: u64,
}

impl Pulse {
    /// The job is settled: gives the place back.
    pub(super) fn stop(self) {
        let stopped = self.pulses.locked().running.remove(&self.id);
        if let Some((_, beat)) = stopped
            && beat.seat.is_some()
        {
            self.pulses.on.spawn(async move { beat.leave().await });
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.pulses.locked().running.remove(&self.id);
    }
}
