//! Deletes jobs that ended long ago: first their objects, then their rows.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::clock::Clock;
use ruche_store::{
    StoreError,
    objects::{Claims, ObjectError},
    retention,
};
use tracing::{info, warn};

use super::reconciler::{Reconciler, Tracker};

/// Rows of each table per statement: few, so that nothing waits for it.
const PURGED_AT_ONCE: u64 = 1_000;
/// Jobs whose objects are deleted before the next purge of rows.
const RELEASED_AT_ONCE: u64 = 100;
/// The pause between two steps of a pass.
const BREATH: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum Hindrance {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// Deletes jobs that ended more than `days` days ago, in small steps; 0 disables it.
pub struct Retention {
    pub store: Arc<dyn retention::Retention>,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    pub days: u32,
    /// [`Retention::INTERVAL`], except in tests.
    pub interval: Duration,
}

impl Retention {
    pub const INTERVAL: Duration = Duration::from_secs(300);
}

#[async_trait]
impl Reconciler for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    fn is_urgent(&self) -> bool {
        false
    }

    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
        if self.days == 0 {
            return Ok(());
        }
        loop {
            let before = self.clock.now() - TimeDelta::days(self.days.into());
            let rows = forget_some(&*self.store, &self.claims, before).await?;
            if rows == 0 {
                return Ok(());
            }
            info!(rows, days = self.days, "forgot what ended long ago");
            tracker.changed(rows);
            tokio::time::sleep(BREATH).await;
        }
    }
}

/// Deletes some of the jobs that ended before this time. Returns the number of deleted rows and of jobs whose objects
/// were deleted. Idempotent.
pub async fn forget_some(
    store: &dyn retention::Retention,
    claims: &Claims,
    before: DateTime<Utc>,
) -> Result<u64, Hindrance> {
    // Rows without objects don't wait for the object store.
    let rows = store.purge(before, PURGED_AT_ONCE).await?;
    let jobs = store.jobs_with_objects(before, RELEASED_AT_ONCE).await?;
    if jobs.is_empty() {
        return Ok(rows);
    }
    let Some(objects) = claims.objects() else {
        warn!(jobs = jobs.len(), "jobs with objects can't be forgotten: objects.url is not set here");
        return Ok(rows);
    };
    for job in &jobs {
        objects.delete_all(job).await?;
    }
    store.objects_deleted(&jobs).await?;
    Ok(rows + jobs.len() as u64)
}
