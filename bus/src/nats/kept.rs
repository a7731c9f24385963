//! What a process keeps of the streams: which ones it has ensured, and what it has registered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use ruche_schemas::Kind;

use crate::port::REGISTRATION_TTL;

/// All kinds, and those whose queues are ours.
#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) all: Vec<Kind>,
    pub(super) own: Vec<Kind>,
}

/// What this process keeps.
#[derive(Debug, Default)]
pub(super) struct StreamKeeper {
    kinds: Mutex<Option<Arc<Kinds>>>,
    /// By subject, with the time of the last one.
    registrations: Mutex<BTreeMap<String, (Instant, Bytes)>>,
    /// When a restoration last created nothing, after how many losses of the connection. Locked during one.
    pub(super) in_vain: tokio::sync::Mutex<Option<(Instant, u64)>>,
}

impl StreamKeeper {
    pub(super) fn keep(&self, kinds: &[Kind], own: &[Kind]) {
        let kinds = Kinds { all: kinds.to_vec(), own: own.to_vec() };
        *self.kinds.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(kinds));
    }

    pub(super) fn kinds(&self) -> Option<Arc<Kinds>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn registered(&self, subject: &str, text: &Bytes) {
        let mut registrations = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        registrations.insert(subject.to_owned(), (Instant::now(), text.clone()));
    }

    pub(super) fn deregistered(&self, subject: &str) {
        self.registrations.lock().unwrap_or_else(PoisonError::into_inner).remove(subject);
    }

    /// Those that have not expired.
    pub(super) fn registrations(&self) -> Vec<(String, Bytes)> {
        let mut registrations = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        registrations.retain(|_, (at, _)| at.elapsed() < REGISTRATION_TTL);
        registrations.iter().map(|(subject, (_, text))| (subject.clone(), text.clone())).collect()
    }
}
