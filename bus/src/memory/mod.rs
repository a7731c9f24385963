//! The bus within one process: the same contract as [`crate::nats`], as long as the process lives.
//!
//! For tests of everything above the port. Time is tokio's, so a test that pauses it sees an ack wait or a
//! registration expire at once.

mod dead_letters;
mod deliveries;
mod flow_control;
mod jobs;
mod later;
mod lock;
mod log;
mod queue;
mod scheduler;
mod state;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{JobRef, Kind, Record, topology::bounds::MAX_JOB_BYTES};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use lock::lock;
pub use state::Memory;

use state::{ControlState, DeadLetters, Shared};

use crate::port::{
    ALL_REGISTERED, AppendError, Bus, Deliveries, Depth, Logged, Message, PublishError, REGISTRATION_TTL, Receipt,
    Unavailable, WorkerRegistration,
};

/// Above this many cancellations, all but the newest are dropped.
const MAX_CANCELS: usize = 100_000;

/// How many cancellations a slow listener may be behind.
const LISTENER: usize = 4096;

impl Memory {
    /// Queues for these kinds, each of at most `backlog` jobs. A worker that is silent for `ack_wait` loses its job.
    #[must_use]
    pub fn new(kinds: &[Kind], backlog: usize, ack_wait: Duration) -> Self {
        let queue = |kind: &Kind| (kind.clone(), Arc::new(queue::Queue::new(kind.clone(), backlog, ack_wait)));
        let shared = Shared {
            queues: kinds.iter().map(queue).collect(),
            logs: log::Logs::default(),
            cancelled: Mutex::default(),
            cancellations: broadcast::Sender::new(LISTENER),
            dead: Mutex::new(DeadLetters::default()),
            control_state: ControlState::default(),
            workers: Mutex::default(),
            lost_at: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Memory {
    /// How many logs are not empty.
    #[must_use]
    pub fn logs(&self) -> usize {
        self.shared.logs.count()
    }

    /// Forgets the registrations, as a server does that was killed.
    pub fn lose_workers(&self) {
        lock(&self.shared.workers).clear();
        *lock(&self.shared.lost_at) = Some(Instant::now());
    }

    fn check_size(message: &Message) -> Result<(), PublishError> {
        let headers = message.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let bytes = message.payload.len() + headers;
        match bytes > MAX_JOB_BYTES {
            true => Err(PublishError::TooLarge { bytes, max: MAX_JOB_BYTES }),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Bus for Memory {
    async fn publish(&self, message: Message) -> Result<Receipt, PublishError> {
        Self::check_size(&message)?;
        match self.shared.queues.get(&message.kind) {
            Some(queue) => queue.publish_at(message, None),
            None => Err(PublishError::UnknownKind { kind: message.kind }),
        }
    }

    async fn consume(&self, kind: &Kind) -> Result<Box<dyn Deliveries>, Unavailable> {
        let queue = self.shared.queues.get(kind);
        let queue = queue.ok_or_else(|| Unavailable(format!("there is no queue for jobs of kind {kind}")))?;
        Ok(Box::new(deliveries::MemoryDeliveries::new(Arc::clone(queue), None)))
    }

    async fn consume_pool(&self, kind: &Kind, pool: &str) -> Result<Box<dyn Deliveries>, Unavailable> {
        let queue = self.shared.queues.get(kind);
        let queue = queue.ok_or_else(|| Unavailable(format!("there is no queue for jobs of kind {kind}")))?;
        Ok(Box::new(deliveries::MemoryDeliveries::new(Arc::clone(queue), Some(pool.to_owned()))))
    }

    async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError> {
        self.shared.logs.append(job, after, record)
    }

    async fn retract(&self, job: &JobRef, sequence: u64) -> Result<(), Unavailable> {
        self.shared.logs.retract(job, sequence);
        Ok(())
    }

    async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable> {
        Ok(self.shared.logs.last(job))
    }

    async fn watch(
        &self,
        job: &JobRef,
        from: u64,
    ) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable> {
        Ok(self.shared.logs.watch(job, from))
    }

    async fn replay(&self, job: &JobRef) -> Result<Vec<Record>, Unavailable> {
        Ok(self.shared.logs.replay(job))
    }

    async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable> {
        let mut cancelled = lock(&self.shared.cancelled);
        if cancelled.len() >= MAX_CANCELS {
            cancelled.clear();
        }
        cancelled.insert(job.clone());
        // There may be no listener.
        let _ = self.shared.cancellations.send(job.clone());
        Ok(())
    }

    async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable> {
        Ok(lock(&self.shared.cancelled).contains(job))
    }

    async fn cancelled_since(&self, _time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable> {
        // The times are not stored: some are older.
        Ok(lock(&self.shared.cancelled).iter().take(limit).cloned().collect())
    }

    async fn cancellations(&self) -> Result<BoxStream<'static, JobRef>, Unavailable> {
        let listener = self.shared.cancellations.subscribe();
        let next = |mut listener: broadcast::Receiver<JobRef>| async move {
            loop {
                match listener.recv().await {
                    Ok(job) => return Some((job, listener)),
                    Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "a listener missed cancellations"),
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        Ok(stream::unfold(listener, next).boxed())
    }

    async fn depth(&self) -> Result<Vec<Depth>, Unavailable> {
        let mut depths: Vec<_> = self.shared.queues.values().flat_map(|queue| queue.depth()).collect();
        depths.sort_by(|a, b| (&a.kind, a.lane).cmp(&(&b.kind, b.lane)));
        Ok(depths)
    }

    async fn register(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        let key = (worker.kind.to_string(), worker.worker.clone());
        lock(&self.shared.workers).insert(key, (worker.clone(), Instant::now() + REGISTRATION_TTL));
        Ok(())
    }

    async fn deregister(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        lock(&self.shared.workers).remove(&(worker.kind.to_string(), worker.worker.clone()));
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<WorkerRegistration>, Unavailable> {
        let now = Instant::now();
        let mut workers = lock(&self.shared.workers);
        workers.retain(|_, (_, until)| *until > now);
        Ok(workers.values().map(|(worker, _)| worker.clone()).collect())
    }

    async fn knows_all_workers(&self) -> Result<bool, Unavailable> {
        Ok(lock(&self.shared.lost_at).is_none_or(|at| at.elapsed() >= ALL_REGISTERED))
    }

    async fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn flush(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruche_schemas::clock;

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_falls_silent_is_forgotten() {
        let bus = Memory::new(&[], 1, Duration::from_secs(1));
        let registration = WorkerRegistration {
            kind: Kind::new("chat"),
            worker: "host-1".to_owned(),
            host: "host".to_owned(),
            labels: std::collections::BTreeMap::new(),
            gpu: None,
            models: Vec::new(),
            pool: None,
            slots: 1,
            in_flight: 0,
            ended: std::collections::BTreeMap::new(),
            reconcilers: Vec::new(),
            state: crate::WorkerState::Running,
            version: "0".to_owned(),
            since: clock::now(),
        };
        bus.register(&registration).await.expect("a registration");
        tokio::time::advance(REGISTRATION_TTL / 2).await;
        assert_eq!(bus.workers().await, Ok(vec![registration]));
        tokio::time::advance(REGISTRATION_TTL).await;
        assert_eq!(bus.workers().await, Ok(Vec::new()));
    }
}
