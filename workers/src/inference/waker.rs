//! Wakes a model's thread and asks it to end, from any thread.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, Thread},
};

/// Shared by a handle and its thread. A thread that was asked to end is never asked to go on.
#[derive(Debug, Default)]
pub(super) struct Waker {
    stopped: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Waker {
    /// Makes the calling thread the one that is woken.
    pub(super) fn attach(&self) {
        let _ = self.thread.set(thread::current());
    }

    /// Wakes the thread, or makes its next `park` return at once.
    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Asks the thread to end.
    pub(super) fn stop(&self) {
        self.stopped.store(true, SeqCst);
        self.wake();
    }

    /// Whether the thread was asked to end, or has ended.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }
}
