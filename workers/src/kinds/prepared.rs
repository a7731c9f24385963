//! A kind's handler with its slots, background tasks and shutdown.

use std::{num::NonZeroUsize, sync::Arc};

use futures::future::{self, BoxFuture};
use ruche_schemas::config::Config;
use ruche_store::WorkerStore;
use tokio::sync::oneshot;

#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
use crate::inference::thread::ModelThread;
use crate::{kind_metrics::KindMetrics, reconcilers::Reconciler, registry::AnyHandler};

pub struct Setup<'a> {
    pub config: &'a Config,
    pub store: Arc<dyn WorkerStore>,
    /// The metrics that the kind's descriptor lists.
    pub metrics: KindMetrics,
}

pub struct Prepared {
    pub handler: Arc<dyn AnyHandler>,
    /// The number of jobs at once.
    pub slots: NonZeroUsize,
    /// How many of the slots are for interactive jobs only.
    pub reserved: usize,
    pub reconcilers: Vec<Arc<dyn Reconciler>>,
    pub shutdown: ShutdownHandle,
}

pub struct ShutdownHandle {
    /// Resolves when the handler's threads have ended. Without a call of `stop` this is a crash, and the process must
    /// end.
    pub ended: BoxFuture<'static, ()>,
    pub stop: Box<dyn FnOnce() + Send>,
}

impl ShutdownHandle {
    /// For a handler without threads; `ended` never resolves.
    #[must_use]
    pub fn none() -> Self {
        // Ends when it is asked to: a shutdown waits for every handler.
        let (running, stopped) = oneshot::channel::<()>();
        let ended = async { stopped.await.unwrap_or_default() };
        Self { ended: Box::pin(ended), stop: Box::new(|| drop(running)) }
    }

    /// For a handler with models. `ended` resolves when one has crashed, or all have stopped after `stop`.
    #[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
    pub(crate) fn of(threads: Vec<ModelThread>) -> Self {
        use std::sync::atomic::{AtomicBool, Ordering};

        let stopped = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stopped);
        let mut ends: Vec<_> = threads.iter().map(|thread| Box::pin(thread.ended())).collect();
        let ended = async move {
            while !ends.is_empty() {
                (_, _, ends) = future::select_all(ends).await;
                if !asked.load(Ordering::SeqCst) {
                    return;
                }
            }
        };
        let stop = move || {
            stopped.store(true, Ordering::SeqCst);
            threads.iter().for_each(ModelThread::stop);
        };
        Self { ended: Box::pin(ended), stop: Box::new(stop) }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_handler_without_threads_ends_when_it_is_stopped_and_not_before() {
        let ShutdownHandle { mut ended, stop } = ShutdownHandle::none();
        assert!((&mut ended).now_or_never().is_none());
        stop();
        assert!(ended.now_or_never().is_some());
    }
}
