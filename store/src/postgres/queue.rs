//! The queue of commits to be written together.

use tokio::sync::{mpsc, oneshot};

use crate::{
    error::StoreError,
    ledger::{Committed, Ended},
};

/// The capacity of the queue; further commits wait to enter.
const WAITING: usize = 1024;

pub(super) type Answer = Result<Committed, StoreError>;

pub(super) struct Waiting {
    pub(super) ended: Ended,
    /// The job's row, as JSON.
    pub(super) row: String,
    pub(super) answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Clone)]
pub(super) struct Queue(mpsc::Sender<Waiting>);

impl Queue {
    pub(super) fn new() -> (Self, mpsc::Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Commits together with whatever else is queued. Dropping the future may or may not cancel the commit.
    pub(super) async fn commit(&self, ended: &Ended, row: String) -> Answer {
        let gone = || StoreError::Unavailable("the writer of this process has ended".to_owned());
        let (answer, answered) = oneshot::channel();
        self.0.send(Waiting { row, ended: ended.clone(), answer }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}
