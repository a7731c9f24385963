//! A running generation, as its reader sees it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use tokio::sync::mpsc;

use super::{error::EngineError, request::Step};
use crate::inference::thread::ModelThread;

/// A running generation. Dropping it frees its slot within one decode; not reading pauses it.
#[derive(Debug)]
pub struct Generation {
    /// None after the end.
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

    /// The next step; `None` after [`Step::End`] or an error. Cancel-safe: no step is lost.
    pub async fn next(&mut self) -> Option<Result<Step, EngineError>> {
        let step = self.steps.as_mut()?.recv().await;
        if self.paused.swap(false, SeqCst) {
            self.thread.wake();
        }
        // The channel closes without an end only when the thread ends.
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
