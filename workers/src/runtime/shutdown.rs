//! How a runtime is told to stop.

use tokio_util::sync::CancellationToken;

/// Tells a runtime to stop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, end what runs.
    pub(super) drain: CancellationToken,
    /// Hand back what runs, now.
    pub(super) leave: CancellationToken,
}

impl Shutdown {
    /// Take nothing new, end what runs, then stop. Called again: hand back what runs and stop now.
    pub fn request(&self) {
        if self.drain.is_cancelled() {
            self.leave.cancel();
        }
        self.drain.cancel();
    }

    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.drain.is_cancelled()
    }
}
