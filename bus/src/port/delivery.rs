//! Jobs in the hands of a worker, and how it settles them.

use std::{num::NonZeroUsize, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{Failure, JobRef, Kind, Lane, topology::bounds::DEDUP_WINDOW};

use super::{
    dead_letters::DeadLetterQueue,
    message::{DeadLetter, Headers, Unavailable},
};

/// A queue as one worker sees it.
#[async_trait]
pub trait Deliveries: Send {
    /// Waits for jobs: at least one, at most `free`, the interactive lane first without starving the others.
    ///
    /// No more than `free` jobs are ever on their way to this worker: what it can't run now stays with the
    /// server. Dropping the future loses nothing: what arrives meanwhile comes with the next call. Faults of the
    /// connection are waited out, with growing jittered delays, not returned.
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery>;

    /// From now on, so many of the free slots take jobs of the interactive lane only: of the others no more are asked for
    /// than there are slots beyond. What was asked for before may still come. None are, to begin with.
    fn reserve(&mut self, slots: usize);

    /// Stops asking, and hands back (for immediate redelivery) what has arrived but was not returned.
    async fn close(self: Box<Self>);
}

/// A job in the hands of one worker, until it settles it. Settling consumes; dropping without settling lets the
/// server hand the job out again after its ack wait.
pub struct Delivery {
    /// Which job, of whom: by the subject, which the server's permissions bind.
    pub job: JobRef,
    /// Its kind.
    pub kind: Kind,
    /// Its lane.
    pub lane: Lane,
    /// How often it was handed out, this time included: from 1.
    pub attempt: u32,
    /// The envelope, as published.
    pub payload: Bytes,
    /// Headers, the trace context among them.
    pub headers: Headers,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// As in [`super::message::Message::first_seq`].
    pub first_seq: Option<u64>,
    /// The adapter's end.
    pub(crate) settle: Box<dyn Settle>,
}

/// The adapter's end of a delivery.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Acknowledges with confirmation.
    async fn ack(&self) -> Result<(), Unavailable>;
    /// Hands back, for redelivery after the delay.
    async fn nak(&self, after: Duration) -> Result<(), Unavailable>;
    /// Gives up for good: never handed out again.
    async fn term(&self) -> Result<(), Unavailable>;
    /// Publishes the job again for this time, then acknowledges.
    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable>;
    /// Restarts the ack wait.
    fn extender(&self) -> Box<dyn Extend>;
}

/// Tells the server that a job is still being worked on.
#[async_trait]
pub trait Extend: Send + Sync {
    /// Restarts the ack wait, once.
    async fn extend(&self) -> Result<(), Unavailable>;
}

impl Delivery {
    /// Whether this is the first that any worker sees of the job, so that nobody has written to its log but whoever
    /// published it.
    ///
    /// A second message of the same job would be a duplicate within the dedup window, and an id that was made less
    /// than that before it was published can't have been published before the window. Half of the window is left to
    /// clocks that differ. An id that says no time (one made of an idempotency key, one that follows from another
    /// job's) may have been published at any time before.
    #[must_use]
    pub fn is_first(&self) -> bool {
        let age = self.job.id.made_at().map(|made| self.published_at - made);
        self.attempt == 1 && age.is_some_and(|age| age.to_std().unwrap_or_default() < DEDUP_WINDOW / 2)
    }

    /// The job is done and its effects are stored: never hand it out again. Returns once the server confirms.
    ///
    /// # Errors
    /// When the confirmation does not come: the job may be handed out again.
    pub async fn done(self) -> Result<(), Unavailable> {
        self.settle.ack().await
    }

    /// Hand it out again after this delay.
    ///
    /// # Errors
    /// When the bus can't be reached: it is handed out again after the ack wait.
    pub async fn retry(self, after: Duration) -> Result<(), Unavailable> {
        self.settle.nak(after).await
    }

    /// Never hand it out again: the dead letter is kept and confirmed first, and only then the job is terminated.
    /// `attempts` is how often it was tried.
    ///
    /// # Errors
    /// When either is not confirmed: the job may be handed out again.
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

    /// Puts the job aside until this time: a message of its own, confirmed, takes its place. It does not count as an
    /// attempt where `counts` is false. For waits over a few seconds: what is handed back with a delay stays in the
    /// hands of this consumer, and many of those would stop the lane.
    ///
    /// # Errors
    /// When either is not confirmed: the job may be handed out again.
    pub async fn defer(self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        self.settle.defer(until, counts).await
    }

    /// The same delivery, settled through something around its adapter's end: for tests that inject faults.
    #[must_use]
    pub fn wrapped(mut self, wrap: impl FnOnce(Box<dyn Settle>) -> Box<dyn Settle>) -> Self {
        self.settle = wrap(self.settle);
        self
    }

    /// What keeps the job from being handed to another worker while this one works.
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
