//! Ends jobs that the server has given up without a worker's word on them: moves them to the dead letters and stores
//! them as failed.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use ruche_bus::DeadLetter;
use ruche_schemas::{Envelope, JobRef};
use serde_json::value::RawValue;
use tracing::warn;

use super::reconciler::{Reconciler, Tracker};
use crate::runtime::{
    blocked::HeldUp,
    follow_ups::{Ends, give_up},
    retry::Patience,
    scope::Unread,
};

/// Ends jobs that the server has given up.
pub struct MaxDeliveries(pub Ends);

#[async_trait]
impl Reconciler for MaxDeliveries {
    fn name(&self) -> &'static str {
        "max-deliveries"
    }

    /// A pass lasts until the bus is lost.
    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
        let mut moved = self.0.bus.watch_max_deliveries().await?;
        tracker.ended(None);
        while let Some(item) = moved.next().await {
            match item {
                Ok(job) => {
                    store(&self.0, &job).await;
                    tracker.changed(1);
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

/// Stores that a job was given up, as long as it takes: nobody else will.
async fn store(ends: &Ends, job: &JobRef) {
    warn!(job.id = %job.id, tenant.id = %job.tenant, "the server gave the job up: kept as a dead letter");
    let mut patience = Patience::endless();
    while let Err(error) = try_store(ends, job).await {
        warn!(job.id = %job.id, %error, "the job's end is not stored yet");
        let _ = patience.wait().await;
    }
}

async fn try_store(ends: &Ends, job: &JobRef) -> Result<(), HeldUp> {
    let Some(buried) = ends.bus.get_dead_letter(job).await? else { return Ok(()) };
    let letter = buried.letter;
    let last = ends.bus.last(job).await?;
    if last.as_ref().is_some_and(|last| last.record.event.is_final()) {
        return Ok(());
    }
    // No attempt that was counted comes after the last one that the server or the log knows.
    let attempt = last.map_or(1, |last| last.record.attempt).max(letter.attempts).max(1);
    give_up(ends, &envelope(&letter), &letter, attempt).await.map(drop)
}

/// The letter's job; one that nothing follows where it can't be read.
fn envelope(letter: &DeadLetter) -> Unread {
    let read = serde_json::from_str::<Unread>(&letter.payload).ok();
    read.filter(|job| job.id == letter.job.id && job.tenant == letter.job.tenant).unwrap_or_else(|| {
        let (kind, job, body) = (letter.kind.clone(), letter.job.clone(), RawValue::NULL.to_owned());
        Envelope::of(kind, 0, job.id, job.tenant, letter.lane, letter.at, body)
    })
}
