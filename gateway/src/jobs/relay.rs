//! A job's events on their way to one client: in order, from any `n`, until the last, a fault or the end of this
//! process.
//!
//! Nothing is buffered here: an event is read from the bus when the client has taken the one before. A client that
//! takes nothing for [`crate::http::limits::STALL`] is disconnected by [`crate::http::write_timeout`], and resumes by `n`.

use std::sync::Arc;

use futures::{StreamExt, stream::BoxStream};
use ruche_bus::{Bus, Unavailable};
use ruche_schemas::{JobRef, Record};
use tokio_util::sync::CancellationToken;

use crate::{
    app::parts::{App, Lifecycle},
    http::error::ApiError,
};

/// The events of one job.
pub struct Relay {
    /// Which job.
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

/// Why events stopped before the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupted {
    /// This gateway stops.
    Closing,
    /// The bus can't be reached.
    Bus(Unavailable),
}

impl Relay {
    /// Follows a job that is known to exist, from this `n` on.
    ///
    /// # Errors
    /// 503 when the bus does not answer.
    pub async fn open(app: &App, job: JobRef, from: u64) -> Result<Self, ApiError> {
        let events = app.bus.watch(&job, from).await?;
        Ok(Self { job, events, expired: app.lifecycle.expired.clone(), ended: false })
    }

    /// The next event; `None` after the last. May be dropped and called again without losing one.
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
    /// What the client is told.
    #[must_use]
    pub fn error(self, job: &JobRef) -> ApiError {
        match self {
            Self::Closing => ApiError::closing(job.id),
            Self::Bus(error) => ApiError::from(error).job(job.id),
        }
    }
}

/// Cancels a job when it is dropped before [`CancelOnDrop::disarm`]: its client has gone away. Not when this
/// process stops, since the client can resume elsewhere.
pub struct CancelOnDrop {
    armed: Option<(Arc<dyn Bus>, JobRef)>,
    lifecycle: Lifecycle,
}

impl CancelOnDrop {
    /// Guards this job, if `armed`.
    #[must_use]
    pub fn new(app: &App, job: &JobRef, armed: bool) -> Self {
        let armed = armed.then(|| (Arc::clone(&app.bus), job.clone()));
        Self { armed, lifecycle: app.lifecycle.clone() }
    }

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
