//! Runs a listener again after each error, with growing pauses.

use std::future::Future;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::retry::{LONGEST, RETRY};

/// Calls `listen_once`, which returns when its connection is lost, repeatedly until `stop`.
pub(super) async fn until<F: Future<Output = ()>>(stop: CancellationToken, listen_once: impl Fn() -> F) {
    let mut retry = RETRY.delays();
    loop {
        let start = Instant::now();
        tokio::select! {
            () = listen_once() => {}
            () = stop.cancelled() => return,
        }
        if start.elapsed() > LONGEST {
            retry.reset();
        }
        tokio::select! {
            _ = retry.wait() => {}
            () = stop.cancelled() => return,
        }
    }
}
