//! Stops a runtime.

use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, end what runs.
    pub(super) drain: CancellationToken,
    /// Hand back running jobs now.
    pub(super) leave: CancellationToken,
}

impl Shutdown {
    /// Takes nothing new, ends what runs, then stops. A second call hands back running jobs and stops now.
    pub fn request(&self) {
        if self.drain.is_cancelled() {
            self.leave.cancel();
        }
        self.drain.cancel();
    }
}
