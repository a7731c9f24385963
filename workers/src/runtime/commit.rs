//! Commits the outcome of a job: waits for the database, and does not touch the delivery.

use ruche_schemas::event::Outcome;
use ruche_store::{
    StoreError,
    ledger::{Committed, Ended},
};
use serde_json::Value;
use tracing::warn;

use super::{follow_ups, retry::RETRY, scope::Unread, shared::Shared};

pub(super) enum Commit {
    /// Ended with this outcome, in this attempt.
    Stored(Outcome<Value>, u32),
    /// It can't be stored, not even as a failure: nothing follows it.
    Refused(Outcome<Value>),
    /// A later attempt has the job.
    Fenced,
    ShuttingDown,
}

/// Waits for the database as long as it takes.
pub(super) async fn commit(shared: &Shared, job: &Unread, mut ended: Ended) -> Commit {
    let mut retry = RETRY.delays();
    loop {
        match shared.parts.ledger.commit(&ended).await {
            Ok(Committed::Stored) => return Commit::Stored(ended.outcome, ended.attempt),
            Ok(Committed::Already(stored)) => return Commit::Stored(stored.outcome, stored.attempt),
            Ok(Committed::Fenced) => return Commit::Fenced,
            Err(StoreError::Refused(failure)) => {
                // Its writes can't be stored: it becomes a failure, which can. If even that is refused (another
                // tenant has a job of this id), its event and dead letter say so.
                let (outcome, children) = follow_ups::plan(job, Outcome::Failed(failure));
                (ended.outcome, ended.children) = (outcome, follow_ups::ids(&children));
                if std::mem::take(&mut ended.writes).is_empty() {
                    return Commit::Refused(ended.outcome);
                }
                continue;
            }
            Err(StoreError::Unavailable(error)) => {
                warn!(%error, "the outcome is not stored yet: waiting for the database")
            }
        }
        tokio::select! {
            _ = retry.wait() => {}
            () = shared.shutdown.leave.cancelled() => return Commit::ShuttingDown,
        }
    }
}
