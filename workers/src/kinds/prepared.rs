//! A kind's handler and what it brings along.

use std::{num::NonZeroUsize, sync::Arc};

use futures::future::{self, BoxFuture};
use ruche_schemas::config::Config;
use ruche_store::postgres::Postgres;

#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
use crate::inference::thread::ModelThread;
use crate::{kind_metrics::KindMetrics, reconcilers::Reconciler, registry::AnyHandler};

/// What handlers are made from.
pub struct Setup<'a> {
    pub config: &'a Config,
    pub postgres: Arc<Postgres>,
    /// Those that the kind's descriptor lists.
    pub metrics: KindMetrics,
}

/// A handler and what it brings along.
pub struct Prepared {
    pub handler: Arc<dyn AnyHandler>,
    /// Jobs at once.
    pub slots: NonZeroUsize,
    /// How many of these only interactive jobs may take.
    pub reserved: usize,
    /// The kind's background tasks.
    pub reconcilers: Vec<Arc<dyn Reconciler>>,
    pub shutdown: ShutdownHandle,
}

/// Stops a handler's threads, and tells when they have ended.
pub struct ShutdownHandle {
    /// Resolves when it has ended. If nobody stopped it, it has died, and the process must end.
    pub ended: BoxFuture<'static, ()>,
    /// Asks it to end.
    pub stop: Box<dyn FnOnce() + Send>,
}

impl ShutdownHandle {
    /// For a handler without anything that could end.
    #[must_use]
    pub fn none() -> Self {
        Self { ended: Box::pin(future::pending()), stop: Box::new(|| {}) }
    }

    /// For a handler with models. Ends when one of them has died, or all of them have stopped as asked.
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
