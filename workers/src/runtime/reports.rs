//! Writes a handler's reports to the job's log: one event in flight, joined with others when they come fast.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ruche_schemas::{
    EventType,
    event::{Progress, Steps},
};
use tokio::sync::{Notify, mpsc};

use super::{event_log::EventLog, job_error::JobError};

/// Reports that wait to be written; a faster handler waits.
const REPORTS: usize = 256;
/// The least time between two writes; reports in between are one event, if the kind can join them.
const FLUSH: Duration = Duration::from_millis(30);

/// The newest count of steps, to be written.
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

/// The handler's end.
pub(crate) struct Reporter<P> {
    queue: mpsc::Sender<P>,
    board: Arc<Board>,
}

/// The runtime's end.
pub(crate) struct Reports<P> {
    queue: mpsc::Receiver<P>,
    board: Arc<Board>,
}

pub(crate) fn channel<P>() -> (Reporter<P>, Reports<P>) {
    let (sender, queue) = mpsc::channel(REPORTS);
    let board = Arc::new(Board::default());
    (Reporter { queue: sender, board: Arc::clone(&board) }, Reports { queue, board })
}

impl<P> Reporter<P> {
    pub(super) fn steps(&self, steps: Steps) {
        *self.board.locked() = Some(steps);
        self.board.posted.notify_one();
    }

    pub(super) async fn progress(&self, report: P) {
        // The receiver is gone only when the whole attempt is being dropped.
        let _ = self.queue.send(report).await;
    }
}

/// Writes reports until the handler has ended and all are written: one in flight, the first at once. If the handler
/// reports nothing for `quiet`, `started` is appended.
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
            () = tokio::time::sleep(quiet) => log.emit_started().await?,
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

/// Joins a report with the last one that waits, or queues it.
fn join<P: Progress>(queue: &mut VecDeque<P>, more: P) {
    let rest = match queue.back_mut() {
        Some(last) => last.absorb(more),
        None => Some(more),
    };
    queue.extend(rest);
}
