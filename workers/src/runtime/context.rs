//! What a handler has besides its job: a way to report, and what happened before.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ruche_schemas::{Claim, Job, Record, clock::Clock, event::Steps};
use ruche_store::ledger::Write;
use tokio_util::sync::CancellationToken;

use super::{deadline::Deadline, documents::Documents, job_error::JobError, reports::Reporter};

/// What a handler has stored besides the outcome.
#[derive(Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Vec<Write>>>);

impl Writes {
    pub(crate) fn take(&self) -> Vec<Write> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a handler has besides its job.
pub struct Context<J: Job> {
    pub(crate) reporter: Reporter<J::Progress>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) writes: Writes,
    pub(crate) deadline: Deadline,
    pub clock: Arc<dyn Clock>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What earlier attempts wrote; empty for a first one.
    pub past: Vec<Record>,
    /// Set when the job is cancelled. The runtime drops the handler's future then, so only work outside of it (a
    /// thread, a process) has to look.
    pub cancel: CancellationToken,
}

impl<J: Job> Context<J> {
    /// Says that work begins only now: the kind's deadline counts from here, and not what was waited for before. For what
    /// waits for its turn behind other jobs, each of which has a deadline.
    pub fn begins(&self) {
        self.deadline.restart();
    }

    /// Has something stored besides the outcome, in the same transaction, that is not to be found in the output. If the
    /// attempt does not end well, it is not stored.
    pub fn keep(&self, write: Write) {
        self.writes.0.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    /// Keeps a document in the object store, and returns the claim to name in the output. It is there before the job has
    /// ended, and for as long as the job's row; if the attempt does not end well, it is not kept.
    ///
    /// # Errors
    /// A reject that says why none can be kept: the document is too large, or there is no store.
    pub fn keep_document(&self, document: Bytes) -> Result<Claim, JobError> {
        self.documents.add(document)
    }

    /// Reports how far the job is, for any kind: so many steps of so many, and what it is doing. Costs nothing: of
    /// those that come fast only the newest is written.
    pub fn steps(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        self.reporter.steps(Steps { done, total, message: message.into() });
    }

    /// Reports progress: one event, joined with others when they come fast. Waits while the bus is slow.
    pub async fn progress(&self, report: J::Progress) {
        self.reporter.progress(report).await;
    }
}
