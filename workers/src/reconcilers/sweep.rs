//! Deletes orphaned objects, which no row refers to.

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

/// Minimal age of an orphan: a job may be scheduled a year ahead, and its kind may then be paused.
const ORPHAN_DAYS: i64 = 400;

/// Crashes leave orphans: the body of a job whose gateway died or lost the connection while publishing; the body of a
/// refused job whose key another job might have used; a body that a producer stored and never published; a large
/// result of an ephemeral job whose worker died before the commit, if no later attempt committed. Outputs of other
/// uncommitted attempts belong to a job that has a row in the end, and are deleted with it.
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

/// Deletes objects stored before this time of jobs without a row. Returns the number of such jobs. Idempotent.
pub async fn sweep_once(ledger: &dyn Ledger, objects: &dyn Objects, before: DateTime<Utc>) -> Result<u64, Hindrance> {
    let (mut swept, mut old) = (0, objects.older(before));
    let mut last = None;
    while let Some(job) = old.next().await.transpose()? {
        // The objects of a job are listed consecutively.
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
