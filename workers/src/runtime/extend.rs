//! Signs of life: what keeps a long job from being handed to another worker, and its place among its tenant's.

use std::time::Duration;

use ruche_bus::{Extend, Seat};
use tokio::{runtime::Handle, sync::oneshot, task::AbortHandle};
use tracing::debug;

/// Extends one delivery until dropped.
pub(super) struct Pulse {
    task: Option<AbortHandle>,
    stop: Option<oneshot::Sender<()>>,
}

impl Pulse {
    /// Sends a sign of life three times per ack wait, from this runtime.
    pub(super) fn start(
        on: &Handle,
        extender: Box<dyn Extend>,
        ack_wait: Duration,
        seat: Option<Box<dyn Seat>>,
    ) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = on.spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(ack_wait / 3) => {}
                    _ = &mut stopped => break,
                }
                if let Err(error) = extender.extend().await {
                    debug!(%error, "a sign of life was not sent");
                }
                if let Some(seat) = &seat
                    && let Err(error) = seat.keep().await
                {
                    debug!(%error, "a place was not kept");
                }
            }
            if let Some(seat) = seat {
                seat.leave().await;
            }
        });
        Self { task: Some(task.abort_handle()), stop: Some(stop) }
    }

    /// The job is settled: gives the place back, and ends.
    pub(super) fn stop(mut self) {
        self.task = None;
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// The job was dropped unsettled: it is handed out again, and its place is free, after the ack wait.
impl Drop for Pulse {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
