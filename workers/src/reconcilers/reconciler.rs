//! The trait of background tasks, and the status of their passes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use ruche_bus::ReconcilerStatus;
use ruche_schemas::clock::Clock;

#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// Shown to operators, such as `vector-indexes`.
    fn name(&self) -> &'static str;

    /// The mean pause between passes.
    fn interval(&self) -> Duration;

    /// Whether the first pass runs at once instead of after a pause.
    fn is_urgent(&self) -> bool {
        true
    }

    /// One pass, which reports its changes to the tracker. After an error the next pass tries again.
    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()>;
}

/// Tracks the status of a task's passes.
pub struct Tracker {
    status: Mutex<ReconcilerStatus>,
    clock: Arc<dyn Clock>,
}

impl Tracker {
    #[must_use]
    pub fn new(name: &str, clock: Arc<dyn Clock>) -> Self {
        let status = ReconcilerStatus { name: name.to_owned(), last_run: None, last_error: None, runs: 0, changes: 0 };
        Self { status: Mutex::new(status), clock }
    }

    #[must_use]
    pub fn status(&self) -> ReconcilerStatus {
        self.locked().clone()
    }

    pub fn changed(&self, changes: u64) {
        self.locked().changes += changes;
    }

    /// Records the end of a pass, or the progress of a long one.
    pub(super) fn ended(&self, error: Option<String>) {
        let mut status = self.locked();
        status.last_run = Some(self.clock.now());
        status.last_error = error;
        status.runs += 1;
    }

    fn locked(&self) -> MutexGuard<'_, ReconcilerStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
