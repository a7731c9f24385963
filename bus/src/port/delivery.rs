//! Delivered jobs, and how a worker settles them.

use std::{num::NonZeroUsize, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{Failure, JobRef, Kind, Lane, topology::bounds::DEDUP_WINDOW};

use super::{
    dead_letters::DeadLetterQueue,
    message::{DeadLetter, Headers, Unavailable},
};

#[async_trait]
pub trait Deliveries: Send {
    /// Waits for jobs: at least one, at most `free`, the interactive lane first without starving the others.
    ///
    /// No more than `free` jobs are ever in flight to this worker: the server keeps the others. Dropping the future
    /// loses nothing: jobs that arrive meanwhile come with the next call. Connection errors are not returned: it
    /// retries with growing jittered delays.
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery>;

    /// From now on, this many of the free slots take interactive jobs only. Jobs that were requested before may still
    /// come. Initially 0.
    fn reserve(&mut self, slots: usize);

    /// Stops pulling, and hands back for immediate redelivery jobs that arrived but were not returned.
    async fn close(self: Box<Self>);
}

/// A job that one worker has until it settles it. Settling consumes the delivery; a delivery that is dropped
/// unsettled is redelivered after the ack wait.
pub struct Delivery {
    /// From the subject, to which the server's permissions apply.
    pub job: JobRef,
    pub kind: Kind,
    pub lane: Lane,
    /// Deliveries so far, from 1.
    pub attempt: u32,
    pub payload: Bytes,
    pub headers: Headers,
    pub published_at: DateTime<Utc>,
    pub first_seq: Option<u64>,
    pub(crate) settle: Box<dyn Settle>,
}

/// The adapter's end of a delivery.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Acknowledges with confirmation.
    async fn ack(&self) -> Result<(), Unavailable>;
    /// Hands back, for redelivery after the delay.
    async fn nak(&self, after: Duration) -> Result<(), Unavailable>;
    /// Terminates: it is never redelivered.
    async fn term(&self) -> Result<(), Unavailable>;
    /// Publishes the job again for this time, then acknowledges.
    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable>;
    /// Publishes the job again for a pool, then acknowledges. The attempt does not count.
    async fn forward(&self, pool: &str) -> Result<(), Unavailable>;
    fn extender(&self) -> Box<dyn Extend>;
}

#[async_trait]
pub trait Extend: Send + Sync {
    /// Restarts the ack wait, once.
    async fn extend(&self) -> Result<(), Unavailable>;
}

impl Delivery {
    /// Whether no worker can have seen the job before, so that only its publisher can have written to its log.
    ///
    /// Within the dedup window a second message of the job is dropped as a duplicate. So a job whose id was made less
    /// than the window before its publication has no earlier message. Half of the window is a margin for clocks that
    /// differ. An id without a time (from an idempotency key, or derived from another job's id) may have been
    /// published before.
    #[must_use]
    pub fn is_first(&self) -> bool {
        let age = self.job.id.made_at().map(|made| self.published_at - made);
        self.attempt == 1 && age.is_some_and(|age| age.to_std().unwrap_or_default() < DEDUP_WINDOW / 2)
    }

    /// Acknowledges a job whose effects are stored. Returns once the server confirms.
    ///
    /// # Errors
    /// If the server does not confirm: the job may be redelivered.
    pub async fn done(self) -> Result<(), Unavailable> {
        self.settle.ack().await
    }

    /// Redelivers it after this delay.
    ///
    /// # Errors
    /// If the bus can't be reached: the job is redelivered after the ack wait.
    pub async fn retry(self, after: Duration) -> Result<(), Unavailable> {
        self.settle.nak(after).await
    }

    /// Stores a dead letter, and terminates the job once that is confirmed. `attempts` is how often it was tried.
    ///
    /// # Errors
    /// If either is not confirmed: the job may be redelivered.
    pub async fn reject(
        self,
        dead_letters: &dyn DeadLetterQueue,
        failure: Failure,
        attempts: u32,
        at: DateTime<Utc>,
    ) -> Result<(), Unavailable> {
        let letter = DeadLetter {
            job: self.job,
            kind: self.kind,
            lane: self.lane,
            failure,
            attempts,
            at,
            trace_id: crate::trace::trace_id(),
            payload: String::from_utf8_lossy(&self.payload).into_owned(),
            headers: self.headers,
        };
        dead_letters.put_dead_letter(&letter).await?;
        self.settle.term().await
    }

    /// Publishes the job again for this time and acknowledges this delivery. The attempt does not count if `counts`
    /// is false. For waits over a few seconds: a job that is retried with a delay stays pending at its consumer, and
    /// many of those would stop the lane.
    ///
    /// # Errors
    /// If either is not confirmed: the job may be redelivered.
    pub async fn defer(self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        self.settle.defer(until, counts).await
    }

    /// Hands the job to the workers of a pool. The attempt does not count.
    ///
    /// # Errors
    /// If it is not confirmed: the job may be redelivered here.
    pub async fn forward(self, pool: &str) -> Result<(), Unavailable> {
        self.settle.forward(pool).await
    }

    /// Settles through a wrapper: for tests that inject errors.
    #[must_use]
    pub fn wrapped(mut self, wrap: impl FnOnce(Box<dyn Settle>) -> Box<dyn Settle>) -> Self {
        self.settle = wrap(self.settle);
        self
    }

    #[must_use]
    pub fn extender(&self) -> Box<dyn Extend> {
        self.settle.extender()
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { job, kind, lane, attempt, .. } = self;
        write!(f, "Delivery({kind} {job} {lane} attempt {attempt})")
    }
}
