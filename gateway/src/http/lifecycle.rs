//! The two steps of a shutdown: first nothing new begins, then running requests are ended.

use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// No new connections; running requests may end.
    pub draining: CancellationToken,
    /// The drain time is over.
    pub expired: CancellationToken,
}
