//! What a handler has besides its job: a way to report, and what happened before.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ruche_schemas::{Claim, Job, Record, event::Steps};
use ruche_store::ledger::Write;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    deadline::Deadline,
    documents::Documents,
    job_error::JobError,
    reports::{Board, REPORTS, Reports},
};

/// What a handler has stored besides the outcome.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Write>>>);

impl Kept {
    /// All of it.
    pub(crate) fn take(&self) -> Vec<Write> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a handler has besides its job.
pub struct Context<J: Job> {
    reports: mpsc::Sender<J::Progress>,
    board: Arc<Board>,
    documents: Arc<Documents>,
    kept: Kept,
    deadline: Deadline,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What earlier attempts wrote; empty for a first one.
    pub past: Vec<Record>,
    /// Set when the job is cancelled. The runtime drops the handler's future then, so only work outside of it (a
    /// thread, a process) has to look.
    pub cancel: CancellationToken,
}

impl<J: Job> Context<J> {
    pub(crate) fn new(
        attempt: u32,
        past: Vec<Record>,
        cancel: CancellationToken,
        documents: Arc<Documents>,
        kept: Kept,
        deadline: Deadline,
    ) -> (Self, Reports<J::Progress>) {
        let (reports, queue) = mpsc::channel(REPORTS);
        let board = Arc::new(Board::default());
        (
            Self { reports, board: Arc::clone(&board), documents, kept, deadline, attempt, past, cancel },
            Reports::new(queue, board),
        )
    }

    /// Says that work begins only now: the kind's deadline counts from here, and not what was waited for before. For what
    /// waits for its turn behind other jobs, each of which has a deadline.
    pub fn begins(&self) {
        self.deadline.restart();
    }

    /// Has something stored besides the outcome, in the same transaction, that is not to be found in the output. Where the
    /// attempt does not end well, it is not.
    pub fn keep(&self, write: Write) {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    /// Keeps a document in the object store, and tells the claim to name in the output. It is there before the job has
    /// ended, and for as long as the job's row; where the attempt does not end well, it is not kept.
    ///
    /// # Errors
    /// A reject that says why none can be kept: the job is ephemeral, the document too large, or there is no store.
    pub fn keep_document(&self, document: Bytes) -> Result<Claim, JobError> {
        self.documents.add(document)
    }

    /// Reports how far the job is, for any kind: so many steps of so many, and what it is doing. Costs nothing: of
    /// those that come fast only the newest is written.
    pub fn steps(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        self.board.post(Steps { done, total, message: message.into() });
    }

    /// Reports progress: one event, joined with others when they come fast. Waits while the bus is slow.
    pub async fn progress(&self, report: J::Progress) {
        // The receiver goes first only when the whole attempt is being dropped.
        let _ = self.reports.send(report).await;
    }
}
