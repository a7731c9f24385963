//! Hears what concerns all workers until this one stops: after each fault again, with growing pauses.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use super::retry::Patience;

/// Calls `heed`, which listens until it can't any more, again and again until `stop`.
pub(super) async fn until<F: Future<Output = ()>>(stop: CancellationToken, heed: impl Fn() -> F) {
    let mut patience = Patience::endless();
    loop {
        tokio::select! {
            () = heed() => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            _ = patience.wait() => {}
            () = stop.cancelled() => return,
        }
    }
}
