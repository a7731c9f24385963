//! Removes objects that no row will ever lead to.
//!
//! **What can be left without a row.** A body whose gateway died between keeping it and publishing its job, or could not
//! learn whether the job was published; a body of a job that was refused and would have been another's under the same
//! key; a body that a producer kept and never published; a large result of an ephemeral job whose worker died before the
//! commit, if no later attempt had one. Outputs of other attempts that did not get to commit belong to a job that has a
//! row in the end, and go with it. So only crashes leave anything, and this removes it, once no job can be waiting for it
//! any more.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use ruche_schemas::clock::Clock;
use ruche_store::{
    ledger::Ledger,
    objects::{Claims, Objects},
};
use tracing::info;

use super::{
    reconciler::{Reconciler, Tracker},
    retention::Hindrance,
};

/// How old an object is before it can be one that nobody waits for. A job may be put off by a year, and its kind may be
/// paused then.
const ORPHAN_DAYS: i64 = 400;

/// Removes old objects of jobs that have no row.
pub struct Sweep {
    pub ledger: Arc<dyn Ledger>,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Reconciler for Sweep {
    fn name(&self) -> &'static str {
        "orphaned-objects"
    }

    /// A pass lists the whole store.
    fn interval(&self) -> Duration {
        Duration::from_secs(24 * 60 * 60)
    }

    fn is_urgent(&self) -> bool {
        false
    }

    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
        let Some(objects) = self.claims.objects() else { return Ok(()) };
        let before = self.clock.now() - TimeDelta::days(ORPHAN_DAYS);
        let jobs = sweep_once(&*self.ledger, &**objects, before).await?;
        if jobs > 0 {
            info!(jobs, "removed objects that belong to no job");
        }
        tracker.changed(jobs);
        Ok(())
    }
}

/// Removes the objects of jobs that have no row and were put there before this time. Returns of how many jobs.
///
/// # Errors
/// What could not be done: again is always safe.
pub async fn sweep_once(ledger: &dyn Ledger, objects: &dyn Objects, before: DateTime<Utc>) -> Result<u64, Hindrance> {
    let (mut swept, mut old) = (0, objects.older(before));
    let mut last = None;
    while let Some(job) = old.next().await.transpose()? {
        // A job's objects are listed one after the other.
        if last.as_ref() == Some(&job) {
            continue;
        }
        if ledger.ended(&job).await?.is_none() {
            objects.delete_all(&job).await?;
            swept += 1;
        }
        last = Some(job);
    }
    Ok(swept)
}
