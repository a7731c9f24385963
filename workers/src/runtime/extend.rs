//! Signs of life: what keeps a long job from being handed to another worker.

use std::time::Duration;

use ruche_bus::Extend;
use tokio::{runtime::Handle, task::AbortHandle};
use tracing::debug;

/// Extends one delivery until dropped.
pub(super) struct Pulse(AbortHandle);

impl Pulse {
    /// Sends a sign of life three times per ack wait, from this runtime.
    pub(super) fn start(on: &Handle, extender: Box<dyn Extend>, ack_wait: Duration) -> Self {
        let task = on.spawn(async move {
            loop {
                tokio::time::sleep(ack_wait / 3).await;
                if let Err(error) = extender.extend().await {
                    debug!(%error, "a sign of life was not sent");
                }
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.abort();
    }
}
