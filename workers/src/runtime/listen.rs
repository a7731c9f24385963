//! Hears what concerns all workers until this one stops: after each fault again, with growing pauses.

use std::{future::Future, sync::Arc};

use super::{Patience, Shared};

/// Calls `heed`, which listens until it can't any more and says why, again and again until the worker stops.
pub(super) async fn until_stopped<F: Future<Output = ()>>(shared: Arc<Shared>, heed: impl Fn(Arc<Shared>) -> F) {
    let stop = shared.shutdown.drain.clone();
    let mut patience = Patience::endless();
    loop {
        tokio::select! {
            () = heed(Arc::clone(&shared)) => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            _ = patience.wait() => {}
            () = stop.cancelled() => return,
        }
    }
}
