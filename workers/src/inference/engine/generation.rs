//! An answer that is being generated, as its reader sees it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use tokio::sync::mpsc;

use super::{error::EngineError, request::Step};
use crate::inference::thread::ModelThread;

/// An answer that is being generated. Dropping it frees its slot within one decode; not reading pauses it.
#[derive(Debug)]
pub struct Generation {
    /// Nothing after the end.
    steps: Option<mpsc::Receiver<Result<Step, EngineError>>>,
    paused: Arc<AtomicBool>,
    thread: ModelThread,
}

impl Generation {
    pub(super) fn new(
        steps: mpsc::Receiver<Result<Step, EngineError>>,
        paused: Arc<AtomicBool>,
        thread: ModelThread,
    ) -> Self {
        Self { steps: Some(steps), paused, thread }
    }

    /// The next step; nothing after [`Step::End`] or an error. Safe to cancel: no step is lost.
    pub async fn next(&mut self) -> Option<Result<Step, EngineError>> {
        let step = self.steps.as_mut()?.recv().await;
        if self.paused.swap(false, SeqCst) {
            self.thread.wake();
        }
        // The engine leaves without an end only where its thread ends.
        let step = step.unwrap_or(Err(EngineError::Stopped));
        if !matches!(step, Ok(Step::Delta(_))) {
            self.steps = None;
        }
        Some(step)
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.steps = None;
        self.thread.wake();
    }
}
