//! What a handler has besides its job: a way to report, and what happened before.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use ruche_schemas::{
    Claim, EventType, Failure, Job, Record,
    event::{Progress, Steps},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Documents,
    attempt::Clock,
    event_log::{EventLog, LogError},
};
use crate::ports::ledger::Keep;

/// Reports that may wait to be written: a handler that is faster waits.
const REPORTS: usize = 256;
/// Reports are written at most this often; what comes in between is one event, where the kind can join reports.
const FLUSH: Duration = Duration::from_millis(30);

/// Why an attempt did not give a result, and with it what happens to the job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may go better another time: the job is handed out again, after this delay or the kind's own.
    #[error("{source:#}")]
    Retry {
        /// What went wrong.
        source: anyhow::Error,
        /// How long to wait, where somebody (a `Retry-After`) has said so.
        after: Option<Duration>,
    },
    /// It will never go better: the job ends, and is kept as a dead letter.
    #[error("{0}")]
    Reject(Failure),
    /// Another attempt has the job: this one leaves everything as it is.
    #[error("a later attempt has taken the job over")]
    Superseded,
}

impl JobError {
    /// Another time, after the kind's own delay.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { source: source.into(), after: None }
    }
}

impl From<LogError> for JobError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Superseded | LogError::Ended => Self::Superseded,
            LogError::Unavailable(unavailable) => Self::retry(unavailable),
        }
    }
}

/// Where the newest count of steps waits to be written.
#[derive(Default)]
struct Board {
    newest: Mutex<Option<Steps>>,
    posted: Notify,
}

impl Board {
    fn locked(&self) -> std::sync::MutexGuard<'_, Option<Steps>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a handler has stored besides the outcome.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Keep>>>);

impl Kept {
    /// All of it.
    pub(crate) fn take(&self) -> Vec<Keep> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a handler reports, at the runtime's end.
pub(crate) struct Reports<P> {
    queue: mpsc::Receiver<P>,
    board: Arc<Board>,
}

/// What a handler has besides its job.
pub struct Context<J: Job> {
    reports: mpsc::Sender<J::Progress>,
    board: Arc<Board>,
    documents: Arc<Documents>,
    kept: Kept,
    clock: Clock,
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
        clock: Clock,
    ) -> (Self, Reports<J::Progress>) {
        let (reports, queue) = mpsc::channel(REPORTS);
        let board = Arc::new(Board::default());
        (
            Self { reports, board: Arc::clone(&board), documents, kept, clock, attempt, past, cancel },
            Reports { queue, board },
        )
    }

    /// Says that work begins only now: the kind's deadline counts from here, and not what was waited for before. For what
    /// waits for its turn behind other jobs, each of which has a deadline.
    pub fn begins(&self) {
        self.clock.begin();
    }

    /// Has something stored besides the outcome, in the same transaction, that is not to be found in the output. Where the
    /// attempt does not end well, it is not.
    pub fn keep(&self, keep: Keep) {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(keep);
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
        *self.board.locked() = Some(Steps { done, total, message: message.into() });
        self.board.posted.notify_one();
    }

    /// Reports progress: one event, joined with others when they come fast. Waits while the bus is slow.
    pub async fn progress(&self, report: J::Progress) {
        // The receiver goes first only when the whole attempt is being dropped.
        let _ = self.reports.send(report).await;
    }
}

/// Writes reports until the handler has ended and all are written: one in flight, the first at once. A handler that
/// says nothing for so long is said to have started.
pub(crate) async fn write<P: Progress>(
    log: &mut EventLog,
    mut reports: Reports<P>,
    quiet: Duration,
) -> Result<(), JobError> {
    let mut queue = VecDeque::new();
    let mut ended = false;
    if log.is_silent() {
        tokio::select! {
            report = reports.queue.recv() => match report {
                Some(report) => queue.push_back(report),
                None => ended = true,
            },
            () = reports.board.posted.notified() => {}
            () = tokio::time::sleep(quiet) => log.say_started().await?,
        }
    }
    loop {
        if queue.is_empty() && !ended && reports.board.locked().is_none() {
            tokio::select! {
                report = reports.queue.recv() => match report {
                    Some(report) => queue.push_back(report),
                    None => ended = true,
                },
                () = reports.board.posted.notified() => {}
            }
        }
        let pause = tokio::time::sleep(FLUSH);
        if let Some(report) = queue.pop_front() {
            let data = serde_json::to_value(&report).map_err(JobError::retry)?;
            log.append(report.event_type(), data).await?;
        }
        let steps = reports.board.locked().take();
        if let Some(steps) = steps {
            let data = serde_json::to_value(&steps).map_err(JobError::retry)?;
            log.append(EventType::Progress, data).await?;
        }
        if ended && queue.is_empty() && reports.board.locked().is_none() {
            return Ok(());
        }
        tokio::pin!(pause);
        // Reports that can't be joined don't wait for each other, and the last one waits for nothing.
        while queue.len() <= 1 && !ended {
            tokio::select! {
                () = &mut pause => break,
                more = reports.queue.recv() => match more {
                    Some(more) => join(&mut queue, more),
                    None => ended = true,
                },
            }
        }
    }
}

/// Adds a report to the last one that waits, or behind it.
fn join<P: Progress>(queue: &mut VecDeque<P>, more: P) {
    let rest = match queue.back_mut() {
        Some(last) => last.absorb(more),
        None => Some(more),
    };
    queue.extend(rest);
}
