//! The jobs of one source: ready, delayed or in flight, until they are settled.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use ruche_schemas::clock;
use tokio::time::Instant;

use crate::port::Message;

#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) ready: BTreeSet<u64>,
    /// When a job becomes ready: its delay or its ack wait ends.
    pub(super) due: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) message: Message,
    pub(super) published_at: DateTime<Utc>,
    pub(super) published: Instant,
    pub(super) attempt: u32,
    /// In flight or delayed until then.
    until: Option<Instant>,
}

impl Jobs {
    /// Adds a job that is ready.
    pub(super) fn add(&mut self, sequence: u64, message: Message, attempt: u32) {
        let entry = Entry { message, published_at: clock::now(), published: Instant::now(), attempt, until: None };
        self.entries.insert(sequence, entry);
        self.ready.insert(sequence);
    }

    /// Makes it ready at this time; `None`: at once.
    pub(super) fn set(&mut self, sequence: u64, until: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        if let Some(old) = std::mem::replace(&mut entry.until, until) {
            self.due.remove(&(old, sequence));
        }
        self.ready.remove(&sequence);
        match until {
            Some(until) => self.due.insert((until, sequence)),
            None => self.ready.insert(sequence),
        };
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        self.set(sequence, None);
        self.ready.remove(&sequence);
        self.entries.remove(&sequence);
    }

    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(&(until, sequence)) = self.due.first()
            && until <= now
        {
            self.set(sequence, None);
        }
    }
}
