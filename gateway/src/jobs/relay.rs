//! Relays a job's events to one client: in order, from any `n`, until the last, a fault or the end of this process.
//!
//! Nothing is buffered: the next event is read when the client has taken the one before. A client that reads nothing
//! for [`crate::http::limits::WRITE_TIMEOUT`] is disconnected, and resumes by `n`.

use std::sync::Arc;

use futures::{StreamExt, stream::BoxStream};
use ruche_bus::{Bus, Unavailable};
use ruche_schemas::{JobRef, Record};
use tokio_util::sync::CancellationToken;

use crate::http::{error::ApiError, lifecycle::Lifecycle};

/// Opens relays, and guards jobs whose client may disconnect.
#[derive(Clone)]
pub struct Relays {
    bus: Arc<dyn Bus>,
    lifecycle: Lifecycle,
}

pub struct Relay {
    pub job: JobRef,
    events: BoxStream<'static, Result<Record, Unavailable>>,
    expired: CancellationToken,
    ended: bool,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("job", &self.job).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupted {
    Closing,
    Bus(Unavailable),
}

impl Relays {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, lifecycle: Lifecycle) -> Self {
        Self { bus, lifecycle }
    }

    /// Follows an existing job, from this `n` on.
    ///
    /// # Errors
    /// 503 when the bus does not answer.
    pub async fn open(&self, job: JobRef, from: u64) -> Result<Relay, ApiError> {
        let events = self.bus.watch(&job, from).await?;
        Ok(Relay { job, events, expired: self.lifecycle.expired.clone(), ended: false })
    }

    /// Guards this job, if `armed`.
    #[must_use]
    pub fn guard(&self, job: &JobRef, armed: bool) -> CancelOnDrop {
        let armed = armed.then(|| (Arc::clone(&self.bus), job.clone()));
        CancelOnDrop { armed, lifecycle: self.lifecycle.clone() }
    }
}

impl Relay {
    /// The next event; `None` after the last. Cancel-safe: dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Result<Record, Interrupted>> {
        if self.ended {
            return None;
        }
        let item = tokio::select! {
            biased;
            () = self.expired.cancelled() => Some(Err(Interrupted::Closing)),
            item = self.events.next() => item.map(|item| item.map_err(Interrupted::Bus)),
        };
        self.ended = !matches!(&item, Some(Ok(record)) if !record.event.is_final());
        item
    }
}

impl Interrupted {
    #[must_use]
    pub fn error(self, job: &JobRef) -> ApiError {
        match self {
            Self::Closing => ApiError::closing(job.id),
            Self::Bus(error) => ApiError::from(error).job(job.id),
        }
    }
}

/// Cancels a job when dropped before [`CancelOnDrop::disarm`]: its client has disconnected. It does not when this
/// process stops, since the client can resume elsewhere.
pub struct CancelOnDrop {
    armed: Option<(Arc<dyn Bus>, JobRef)>,
    lifecycle: Lifecycle,
}

impl CancelOnDrop {
    /// The job may go on, or has ended.
    pub fn disarm(&mut self) {
        self.armed = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let Some((bus, job)) = self.armed.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.lifecycle.expired.is_cancelled() {
            return;
        }
        runtime.spawn(async move {
            tracing::info!(job.id = %job.id, "the client has gone: its job is cancelled");
            if let Err(error) = bus.cancel(&job).await {
                tracing::warn!(job.id = %job.id, error.message = %error, "the job could not be cancelled");
            }
        });
    }
}
