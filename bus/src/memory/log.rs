//! Logs of jobs, in order of their events, and their watchers.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{JobRef, Record};
use tokio::sync::watch;

use super::lock::lock;
use crate::port::{AppendError, Logged, Unavailable};

/// Above this many logs, those that have ended and have no watcher are dropped.
const MAX_LOGS: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Logs {
    logs: Mutex<HashMap<JobRef, Arc<Log>>>,
    sequence: AtomicU64,
}

#[derive(Debug, Default)]
struct Log {
    events: Mutex<Vec<Logged>>,
    changed: watch::Sender<()>,
}

impl Log {
    fn is_over(&self) -> bool {
        let ended = lock(&self.events).last().is_none_or(|last| last.record.event.is_final());
        ended && self.changed.receiver_count() == 0
    }
}

impl Logs {
    fn get(&self, job: &JobRef) -> Arc<Log> {
        let mut logs = lock(&self.logs);
        if logs.len() >= MAX_LOGS && !logs.contains_key(job) {
            logs.retain(|_, log| !log.is_over());
        }
        Arc::clone(logs.entry(job.clone()).or_default())
    }

    fn find(&self, job: &JobRef) -> Option<Arc<Log>> {
        lock(&self.logs).get(job).cloned()
    }

    pub(super) fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError> {
        let log = self.get(job);
        let mut events = lock(&log.events);
        if let Some(last) = events.last()
            && last.sequence > after
            && last.record == *record
        {
            // The same event again, because the first acknowledgement was lost.
            return Ok(last.sequence);
        }
        if events.last().map_or(0, |last| last.sequence) != after {
            return Err(AppendError::Conflict);
        }
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        events.push(Logged { sequence, record: record.clone() });
        drop(events);
        log.changed.send_replace(());
        Ok(sequence)
    }

    /// Without empty ones.
    pub(super) fn count(&self) -> usize {
        lock(&self.logs).values().filter(|log| !lock(&log.events).is_empty()).count()
    }

    pub(super) fn retract(&self, job: &JobRef, sequence: u64) {
        if let Some(log) = self.find(job) {
            lock(&log.events).retain(|logged| logged.sequence != sequence);
        }
    }

    pub(super) fn last(&self, job: &JobRef) -> Option<Logged> {
        lock(&self.find(job)?.events).last().cloned()
    }

    pub(super) fn replay(&self, job: &JobRef) -> Vec<Record> {
        let log = self.find(job).unwrap_or_default();
        let events = lock(&log.events);
        events.iter().map(|logged| logged.record.clone()).collect()
    }

    pub(super) fn watch(&self, job: &JobRef, from: u64) -> BoxStream<'static, Result<Record, Unavailable>> {
        let log = self.get(job);
        let changed = log.changed.subscribe();
        let watch = Watch { log, changed, next: from, ended: false };
        stream::unfold(watch, |mut watch| async move { watch.step().await.map(|record| (Ok(record), watch)) }).boxed()
    }
}

struct Watch {
    log: Arc<Log>,
    changed: watch::Receiver<()>,
    next: u64,
    ended: bool,
}

impl Watch {
    async fn step(&mut self) -> Option<Record> {
        while !self.ended {
            self.changed.mark_unchanged();
            let found = {
                let events = lock(&self.log.events);
                let index = events.partition_point(|logged| logged.record.n < self.next);
                events.get(index).map(|logged| logged.record.clone())
            };
            if let Some(record) = found {
                self.next = record.n + 1;
                self.ended = record.event.is_final();
                return Some(record);
            }
            self.changed.changed().await.ok()?;
        }
        None
    }
}
