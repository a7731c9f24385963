//! The state of the bus within one process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use ruche_schemas::{JobId, JobRef, Kind, TenantId};
use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

use super::{log::Logs, queue::Queue};
use crate::port::{DeadFilter, DeadLetter, Pause, StoredDeadLetter, TenantCaps, WorkerRegistration};

/// Cheap to clone; clones are the same bus.
#[derive(Debug, Clone)]
pub struct Memory {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queues: HashMap<Kind, Arc<Queue>>,
    pub(super) logs: Logs,
    pub(super) cancelled: Mutex<HashSet<JobRef>>,
    pub(super) cancellations: broadcast::Sender<JobRef>,
    pub(super) dead: Mutex<DeadLetters>,
    pub(super) control_state: ControlState,
    pub(super) workers: Mutex<BTreeMap<(String, String), (WorkerRegistration, Instant)>>,
    /// When the registrations were last lost.
    pub(super) lost_at: Mutex<Option<Instant>>,
}

/// Above it the oldest are dropped.
const MAX_DEAD: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct DeadLetters {
    pub(super) letters: BTreeMap<u64, DeadLetter>,
    pub(super) of: HashMap<JobRef, u64>,
    sequence: u64,
}

impl DeadLetters {
    pub(super) fn put(&mut self, letter: &DeadLetter) {
        self.sequence += 1;
        self.letters.insert(self.sequence, letter.clone());
        if let Some(before) = self.of.insert(letter.job.clone(), self.sequence) {
            self.letters.remove(&before);
        }
        while self.letters.len() > MAX_DEAD
            && let Some((_, oldest)) = self.letters.pop_first()
        {
            self.of.remove(&oldest.job);
        }
    }

    pub(super) fn matching(&self, filter: &DeadFilter, after: u64) -> impl Iterator<Item = StoredDeadLetter> {
        let is_wanted = |letter: &DeadLetter| {
            filter.kind.as_ref().is_none_or(|kind| *kind == letter.kind)
                && filter.tenant.as_ref().is_none_or(|tenant| *tenant == letter.job.tenant)
        };
        let later = self.letters.range(after.saturating_add(1)..);
        let later = later.filter(move |(_, letter)| is_wanted(letter));
        later.map(|(&sequence, letter)| StoredDeadLetter { sequence, letter: letter.clone() })
    }
}

pub(super) type SlotKey = (Kind, TenantId, JobId);

pub(super) type Key = (Kind, TenantId, String);

#[derive(Debug, Default)]
pub(super) struct ControlState {
    pub(super) pauses: watch::Sender<BTreeSet<Pause>>,
    pub(super) caps: watch::Sender<TenantCaps>,
    pub(super) slots: Arc<Mutex<Slots>>,
    pub(super) keys: Mutex<HashMap<Key, (JobId, Instant)>>,
}

#[derive(Debug, Default)]
pub(super) struct Slots {
    /// The expiry, and the number of the acquisition: an earlier one has lost the slot.
    pub(super) taken: HashMap<SlotKey, (Instant, u64)>,
    pub(super) acquisitions: u64,
}
