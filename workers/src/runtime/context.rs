//! What a handler gets besides its job: reporting, and the events of earlier attempts.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ruche_schemas::{Claim, Job, Record, clock::Clock, event::Steps};
use ruche_store::ledger::Write;
use tokio_util::sync::CancellationToken;

use super::{deadline::Deadline, documents::Documents, job_error::JobError, reports::Reporter};

#[derive(Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Vec<Write>>>);

impl Writes {
    pub(crate) fn take(&self) -> Vec<Write> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub struct Context<J: Job> {
    pub(crate) reporter: Reporter<J::Progress>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) writes: Writes,
    pub(crate) deadline: Deadline,
    pub clock: Arc<dyn Clock>,
    /// From 1.
    pub attempt: u32,
    /// Events of earlier attempts; empty for a first one.
    pub past: Vec<Record>,
    /// Set when the job is cancelled. The runtime then drops the handler's future, so only work outside of it (a
    /// thread, a process) must check it.
    pub cancel: CancellationToken,
}

impl<J: Job> Context<J> {
    /// Restarts the kind's deadline, so that the wait before does not count. For work that waits behind other jobs,
    /// each with a deadline.
    pub fn begins(&self) {
        self.deadline.restart();
    }

    /// Stores a write besides the outcome, in the same transaction, that is not in the output. If the attempt fails,
    /// it is not stored.
    pub fn write(&self, write: Write) {
        self.writes.0.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    /// Stores a document in the object store, and returns the claim to name in the output. It is there before the job
    /// has ended, and for as long as the job's row; if the attempt fails, it is not stored.
    ///
    /// # Errors
    /// A reject that says why it can't be stored: the document is too large, or there is no store.
    pub fn keep_document(&self, document: Bytes) -> Result<Claim, JobError> {
        self.documents.add(document)
    }

    /// Reports the progress of any kind: steps done, of a total, and what it is doing. Cheap: of fast reports only
    /// the newest is written.
    pub fn steps(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        self.reporter.steps(Steps { done, total, message: message.into() });
    }

    /// Reports progress: one event, joined with others when they come fast. Waits while the bus is slow.
    pub async fn progress(&self, report: J::Progress) {
        self.reporter.progress(report).await;
    }
}
