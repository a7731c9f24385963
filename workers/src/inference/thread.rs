//! The thread that owns a model: starts it, waits until the model is loaded, and reports its end, even after a panic.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
};

use tokio::sync::watch;

use super::waker::Waker;

/// Native libraries may need more stack than Rust's default.
const STACK_BYTES: usize = 16 << 20;

/// A thread that owns a model. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct ModelThread {
    waker: Arc<Waker>,
    ended: watch::Receiver<bool>,
}

/// How a thread's body reports that its model is loaded, or why not.
pub(super) type Ready<R, E> = mpsc::SyncSender<Result<R, E>>;

#[derive(Debug)]
pub(super) enum StartError<E> {
    /// The thread can't be started, or died while the model was loaded.
    Thread(String),
    Model(E),
}

impl ModelThread {
    /// Starts a thread and blocks until `body` has sent its model's properties. The thread ends with `body`.
    pub(super) fn start<R: Send + 'static, E: Send + 'static>(
        name: &'static str,
        waker: &Arc<Waker>,
        body: impl FnOnce(&Ready<R, E>) + Send + 'static,
    ) -> Result<(Self, R), StartError<E>> {
        let (ready, loaded) = mpsc::sync_channel(1);
        let (end, ended) = watch::channel(false);
        let own = Arc::clone(waker);
        let run = move || {
            own.attach();
            // A panic drops everything that `body` owns, so all waiting callers are told.
            let result = catch_unwind(AssertUnwindSafe(|| body(&ready)));
            own.stop();
            if result.is_err() {
                tracing::error!(thread = name, "a model's thread has panicked: every request breaks off");
            }
            drop(ready);
            end.send_replace(true);
        };
        let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
        builder.spawn(run).map_err(|error| StartError::Thread(error.to_string()))?;
        match loaded.recv() {
            Ok(Ok(ready)) => Ok((Self { waker: Arc::clone(waker), ended }, ready)),
            Ok(Err(error)) => Err(StartError::Model(error)),
            Err(_) => Err(StartError::Thread("it died while the model was loaded; see the log above".to_owned())),
        }
    }

    /// True until it is stopped or dies.
    pub(super) fn is_alive(&self) -> bool {
        !*self.ended.borrow() && !self.waker.is_stopped()
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    pub(crate) fn stop(&self) {
        self.waker.stop();
    }

    /// Resolves when the thread has ended and the model is freed. Does not keep the thread running.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.ended.clone();
        async move {
            // An error means that the thread has ended too.
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }
}
