//! Retention in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::JobRef;

use super::{
    rows::JobRow,
    tables::{Memory, Tables, size},
};
use crate::{documents::stored_time, error::StoreError, retention::Retention};

#[async_trait]
impl Retention for Memory {
    async fn jobs_with_objects(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError> {
        let (tables, before) = (self.tables()?, stored_time(before));
        let old = tables.jobs.values().filter(|row| row.job.objects && row.job.ended_at < before);
        let mut old: Vec<_> = old.map(|row| (row.job.ended_at, row.job.job.clone())).collect();
        old.sort_by_key(|(at, job)| (*at, job.id));
        old.truncate(size(limit));
        Ok(old.into_iter().map(|(_, job)| job).collect())
    }

    async fn objects_deleted(&self, jobs: &[JobRef]) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        for job in jobs {
            if let Some(row) = tables.jobs.get_mut(&job.id).filter(|row| row.job.job == *job) {
                row.job.objects = false;
            }
        }
        Ok(())
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        let mut tables = self.tables()?;
        let (limit, before) = (size(limit), stored_time(before));
        let Tables { jobs, fences, groups, tombstones, files, .. } = &mut *tables;
        let ended = |row: &JobRow| (row.job.ended_at < before && !row.job.objects).then_some(row.job.ended_at);
        let known = jobs.len();
        let gone = drain(jobs, limit, ended)
            + drain(fences, limit, |(_, at)| (*at < before).then_some(*at))
            + drain(groups, limit, |row| row.group.ended_at.filter(|at| *at < before))
            + drain(tombstones, limit, |at| (*at < before).then_some(*at));
        if jobs.len() < known {
            files.retain(|file| jobs.contains_key(&file.job.id));
        }
        Ok(gone as u64)
    }
}

/// Removes up to `limit` of the oldest entries that are due.
fn drain<K: Clone + Eq + std::hash::Hash, V>(
    map: &mut HashMap<K, V>,
    limit: usize,
    old: impl Fn(&V) -> Option<DateTime<Utc>>,
) -> usize {
    let mut found: Vec<_> = map.iter().filter_map(|(key, value)| Some((old(value)?, key.clone()))).collect();
    found.sort_by_key(|(at, _)| *at);
    found.truncate(limit);
    found.iter().for_each(|(_, key)| drop(map.remove(key)));
    found.len()
}
