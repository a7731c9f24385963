//! This gateway's WebSockets: their bounds, and what they share.

use std::{sync::Arc, time::Duration};

use ruche_schemas::config::Origins;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{
    chat::service::Chats,
    http::{
        auth::Keys,
        error::ApiError,
        lifecycle::Lifecycle,
        metrics::{Metrics, Open},
        state::Http,
    },
    jobs::service::Jobs,
};

pub struct Sockets {
    pub(crate) keys: Arc<Keys>,
    pub(crate) origins: Arc<Origins>,
    pub(super) chats: Arc<Chats>,
    pub(super) jobs: Arc<Jobs>,
    pub(super) lifecycle: Lifecycle,
    /// How long a client may read nothing.
    pub(super) write_timeout: Duration,
    /// The most bytes of a message: `gateway.body_bytes`.
    pub(crate) message_bytes: usize,
    metrics: Arc<Metrics>,
    permits: Arc<Semaphore>,
    /// `gateway.sockets`.
    most: usize,
    tasks: TaskTracker,
}

/// The bounds of sockets, and the tracker of their tasks.
pub struct Parts {
    pub write_timeout: Duration,
    /// `gateway.sockets`.
    pub most: usize,
    pub tasks: TaskTracker,
}

pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _open: Open,
    _task: TaskTrackerToken,
}

impl Sockets {
    #[must_use]
    pub fn new(http: Http, chats: Arc<Chats>, jobs: Arc<Jobs>, parts: Parts) -> Self {
        let Parts { write_timeout, most, tasks } = parts;
        let Http { keys, bodies, metrics, lifecycle, origins } = http;
        let (permits, message_bytes) = (Arc::new(Semaphore::new(most)), bodies.small);
        Self { keys, origins, chats, jobs, lifecycle, write_timeout, message_bytes, metrics, permits, most, tasks }
    }

    /// # Errors
    /// 503 while the gateway stops, and at the most sockets.
    pub(crate) fn open(&self) -> Result<Place, ApiError> {
        if self.lifecycle.draining.is_cancelled() {
            return Err(ApiError::unavailable("shutting_down", "this gateway is shutting down: connect again", 1));
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            let message = format!("all {} WebSockets are taken (gateway.sockets)", self.most);
            ApiError::unavailable("too_many_sockets", message, 5)
        })?;
        Ok(Place { _permit: permit, _open: Open::new(&self.metrics.sockets), _task: self.tasks.token() })
    }
}
