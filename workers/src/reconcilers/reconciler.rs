//! A background task: a name, an interval, one pass, and what is known of its passes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use ruche_bus::ReconcilerStatus;
use ruche_schemas::clock::Clock;

/// A background task.
#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// Its name among operators, such as `vector-indexes`.
    fn name(&self) -> &'static str;

    /// The pause between two passes, on average.
    fn interval(&self) -> Duration;

    /// Whether the first pass comes at once; else after a pause.
    fn is_urgent(&self) -> bool {
        true
    }

    /// One pass. Tells the tracker what it has changed.
    ///
    /// # Errors
    /// Why the pass was not finished; the next one tries again.
    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()>;
}

/// What is known of a task's passes.
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

    /// Counts so many changes.
    pub fn changed(&self, changes: u64) {
        self.locked().changes += changes;
    }

    /// Notes the end of a pass, or of what a long one has done so far.
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
