//! Handles jobs that reached the maximal number of deliveries without a worker's verdict: moves them to the dead
//! letters and stores them as failed.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use ruche_bus::DeadLetter;
use ruche_schemas::{Envelope, JobRef};
use serde_json::value::RawValue;
use tracing::warn;

use super::reconciler::{Reconciler, Tracker};
use crate::runtime::{
    blocked::Blocked,
    follow_ups::{FollowUps, end_as_failed},
    retry::RETRY,
    scope::Unread,
};

pub struct MaxDeliveries(pub FollowUps);

#[async_trait]
impl Reconciler for MaxDeliveries {
    fn name(&self) -> &'static str {
        "max-deliveries"
    }

    /// A pass lasts until the bus disconnects.
    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
        let mut moved = self.0.bus.watch_max_deliveries().await?;
        tracker.ended(None);
        while let Some(item) = moved.next().await {
            match item {
                Ok(found) => {
                    if let Some(job) = found {
                        store(&self.0, &job).await;
                        tracker.changed(1);
                    }
                    // Also without a job: after an error this says that all is well again.
                    tracker.ended(None);
                }
                Err(error) => {
                    warn!(%error, "can't look for jobs that the server gave up");
                    tracker.ended(Some(error.to_string()));
                }
            }
        }
        Ok(())
    }
}

/// Stores the job as failed; retries without end, because no other process will.
async fn store(follow_ups: &FollowUps, job: &JobRef) {
    warn!(job.id = %job.id, tenant.id = %job.tenant, "the server gave the job up: kept as a dead letter");
    let mut retry = RETRY.delays();
    while let Err(error) = try_store(follow_ups, job).await {
        warn!(job.id = %job.id, %error, "the job's end is not stored yet");
        let _ = retry.wait().await;
    }
}

async fn try_store(follow_ups: &FollowUps, job: &JobRef) -> Result<(), Blocked> {
    let Some(stored) = follow_ups.bus.get_dead_letter(job).await? else { return Ok(()) };
    let dead_letter = stored.letter;
    let last = follow_ups.bus.last(job).await?;
    if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
        return Ok(());
    }
    // No counted attempt is later than the last one known to the server or the log.
    let attempt = last.map_or(1, |last| last.record.attempt).max(dead_letter.attempts).max(1);
    end_as_failed(follow_ups, &envelope(&dead_letter), &dead_letter, attempt).await.map(drop)
}

/// The dead letter's job; if it is unreadable, a job without follow-ups.
fn envelope(dead_letter: &DeadLetter) -> Unread {
    let read = serde_json::from_str::<Unread>(&dead_letter.payload).ok();
    read.filter(|job| job.id == dead_letter.job.id && job.tenant == dead_letter.job.tenant).unwrap_or_else(|| {
        let (kind, job, body) = (dead_letter.kind.clone(), dead_letter.job.clone(), RawValue::NULL.to_owned());
        Envelope::of(kind, 0, job.id, job.tenant, dead_letter.lane, dead_letter.at, body)
    })
}
