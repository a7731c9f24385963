//! The two steps down: first nothing new begins, then what still runs is ended.

use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// No new connections; running requests may end.
    pub draining: CancellationToken,
    /// The drain time is over.
    pub expired: CancellationToken,
}
