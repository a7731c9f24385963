//! Cancellation: seen at once by the worker that runs the job.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use ruche_schemas::JobRef;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Patience, Shared};

/// The jobs that run here, and how to stop each.
#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<JobRef, CancellationToken>>);

impl Running {
    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<JobRef, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, job: &JobRef) -> Entry<'_> {
        let token = CancellationToken::new();
        self.locked().insert(job.clone(), token.clone());
        Entry { running: self, job: job.clone(), token }
    }

    fn cancel(&self, job: &JobRef) {
        if let Some(token) = self.locked().get(job) {
            info!(job.id = %job.id, "cancelled");
            token.cancel();
        }
    }

    fn jobs(&self) -> Vec<JobRef> {
        self.locked().keys().cloned().collect()
    }
}

/// One running job's place in the list; leaves it when dropped.
pub(super) struct Entry<'a> {
    running: &'a Running,
    job: JobRef,
    pub(super) token: CancellationToken,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.running.locked().remove(&self.job);
    }
}

/// Listens for cancellations until the worker has stopped. After each gap it asks for every running job.
pub(super) async fn listen(shared: Arc<Shared>) {
    let mut patience = Patience::endless();
    loop {
        let stop = shared.shutdown.drain.clone();
        tokio::select! {
            () = heed(&shared) => {}
            () = stop.cancelled() => break,
        }
        warn!("cancellations can't be heard: trying again");
        tokio::select! {
            _ = patience.wait() => {}
            () = stop.cancelled() => break,
        }
    }
}

async fn heed(shared: &Shared) {
    let Ok(mut cancellations) = shared.parts.bus.cancellations().await else { return };
    for job in shared.running.jobs() {
        if shared.parts.bus.is_cancelled(&job).await.unwrap_or(false) {
            shared.running.cancel(&job);
        }
    }
    while let Some(job) = cancellations.next().await {
        shared.running.cancel(&job);
    }
}
