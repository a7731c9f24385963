//! An attempt's deadline. The time that a job waits behind others does not count.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

/// When the deadline began: the attempt's start, or the last [`Self::restart`].
#[derive(Clone)]
pub(crate) struct Deadline(Arc<watch::Sender<Instant>>);

impl Deadline {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Instant::now())))
    }

    pub(super) fn restart(&self) {
        self.0.send_replace(Instant::now());
    }

    pub(super) async fn passed(&self, time: Duration) {
        let mut began = self.0.subscribe();
        loop {
            let until = *began.borrow_and_update() + time;
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                _ = began.changed() => {}
            }
        }
    }
}
