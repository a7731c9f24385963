//! The switch of a model's thread: those who have its handle wake it and turn it off, from any thread.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, Thread},
};

/// Shared by a handle and its thread. Off is for ever.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    off: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Switch {
    /// This thread is the one that is woken.
    pub(crate) fn is_mine(&self) {
        let _ = self.thread.set(thread::current());
    }

    /// Wakes the thread, or makes its next `park` return at once.
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Asks the thread to end.
    pub(crate) fn turn_off(&self) {
        self.off.store(true, SeqCst);
        self.wake();
    }

    /// Whether it was asked to end, or has ended.
    pub(crate) fn is_off(&self) -> bool {
        self.off.load(SeqCst)
    }
}
