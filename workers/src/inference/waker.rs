//! Wakes a model's thread or asks it to stop, from any thread.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, Thread},
};

/// Shared by a handle and its thread. A stop is final.
#[derive(Debug, Default)]
pub(super) struct Waker {
    stopped: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Waker {
    pub(super) fn attach(&self) {
        let _ = self.thread.set(thread::current());
    }

    /// Wakes the thread, or makes its next `park` return at once.
    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, SeqCst);
        self.wake();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }
}
