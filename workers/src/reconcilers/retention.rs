//! Forgets what ended long ago: first its objects, then its row. And sweeps objects that no row will ever lead to.
//!
//! **What can be left without a row.** A body whose gateway died between keeping it and publishing its job, or could not
//! learn whether the job was published; a body of a job that was refused and would have been another's under the same
//! key; a body that a producer kept and never published. Outputs of attempts that did not get to commit belong to a job
//! that has a row in the end, and go with it. So only crashes leave anything, and [`sweep`] removes it, once no job can
//! be waiting for it any more.
//!
//! One task of each a process; any number of processes may run them, because each step can be repeated.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use ruche_bus::objects::{Claims, ObjectError, Objects};
use tracing::{info, warn};

use crate::ports::ledger::{Ledger, LedgerError};

/// How often what has ended long ago is looked for, on average.
pub const PURGE: Duration = Duration::from_secs(300);
/// Rows of each table that one statement deletes: few, so that nobody waits for it.
const PURGED_AT_ONCE: u64 = 1_000;
/// Jobs whose objects are deleted before their rows are looked at again.
const RELEASED_AT_ONCE: u64 = 100;
/// How often objects without a row are looked for, on average: the whole store is listed.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// How old an object is before it can be one that nobody waits for. A job may be put off by a year, and its kind may be
/// paused then.
const ORPHAN_DAYS: i64 = 400;

/// What kept a step from being done.
#[derive(Debug, thiserror::Error)]
pub enum Hindrance {
    /// The database.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The object store.
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// Forgets what ended more than `days` ago, in small steps, looking for it `every` so often, until dropped. 0 days:
/// nothing is ever forgotten.
pub async fn forget(ledger: Arc<dyn Ledger>, claims: Claims, days: u32, every: Duration) {
    if days == 0 {
        return;
    }
    loop {
        tokio::time::sleep(every.mul_f64(0.5 + rand::random::<f64>())).await;
        loop {
            match forget_some(&*ledger, &claims, Utc::now() - TimeDelta::days(days.into())).await {
                Ok(0) => break,
                Ok(rows) => info!(rows, days, "forgot what ended long ago"),
                Err(error) => {
                    warn!(%error, "can't forget what ended long ago: trying again later");
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Forgets some of what ended before this time. Returns how many rows went, and jobs whose objects did.
///
/// # Errors
/// What could not be done: again is always safe.
pub async fn forget_some(ledger: &dyn Ledger, claims: &Claims, before: DateTime<Utc>) -> Result<u64, Hindrance> {
    // What has no objects does not wait for the object store.
    let rows = ledger.purge(before, PURGED_AT_ONCE).await?;
    let held = ledger.holding(before, RELEASED_AT_ONCE).await?;
    if held.is_empty() {
        return Ok(rows);
    }
    let Some(objects) = claims.objects() else {
        warn!(jobs = held.len(), "jobs with objects can't be forgotten: objects.url is not set here");
        return Ok(rows);
    };
    for job in &held {
        objects.delete_all(job).await?;
    }
    ledger.released(&held).await?;
    Ok(rows + held.len() as u64)
}

/// Removes objects that belong to no job, now and then, until dropped.
pub async fn sweep(ledger: Arc<dyn Ledger>, claims: Claims) {
    let Some(objects) = claims.objects() else { return };
    loop {
        tokio::time::sleep(SWEEP.mul_f64(0.5 + rand::random::<f64>())).await;
        match sweep_once(&*ledger, &**objects, Utc::now() - TimeDelta::days(ORPHAN_DAYS)).await {
            Ok(0) => {}
            Ok(jobs) => info!(jobs, "removed objects that belong to no job"),
            Err(error) => warn!(%error, "can't look for objects that belong to no job: trying again later"),
        }
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
