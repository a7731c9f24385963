//! The process of a test server.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::process::Process;

/// How often a start is retried with another port: another program may take it between the check and the start.
pub(super) const TRIES: usize = 4;

/// The running process of a test server, replaced by `stop` and `start`.
#[derive(Debug, Default)]
pub(super) struct Slot(pub(super) Mutex<Option<Process>>);

impl Slot {
    pub(super) fn set(&self, process: Option<Process>) -> Option<Process> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), process)
    }

    pub(super) async fn stop(&self) {
        if let Some(process) = self.set(None) {
            process.stop(Duration::from_secs(20)).await;
        }
    }

    pub(super) async fn kill(&self) {
        if let Some(process) = self.set(None) {
            process.signal(Signal::SIGKILL);
            process.exited().await;
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            process.signal(signal);
        }
    }
}
