//! A pool of child processes: assigns requests to idle children, and replaces worn or failed ones.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::libc::{SIGABRT, SIGBUS, SIGSEGV, SIGXCPU};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};
use tracing::{info, warn};

use super::{
    child::Bounds,
    process::{Lost, Process},
};

#[derive(Debug, Clone)]
pub struct Options {
    pub program: PathBuf,
    /// Selects the [`super::Child`].
    pub flag: &'static str,
    /// Maximal number of children, each with one request at a time.
    pub children: usize,
    /// Limit of address space per child, in bytes.
    pub memory: u64,
    /// Limit of a request's duration, and of its CPU time.
    pub deadline: Duration,
    /// Requests after which a child is replaced.
    pub requests: u32,
    /// Resident memory above which a child is replaced, in bytes.
    pub resident: u64,
    /// Longest frame of a reply, in bytes.
    pub reply_bytes: u32,
}

#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    /// Whether children are started before they are needed.
    ahead: bool,
    free: Semaphore,
    /// Idle children, the last used at the end and taken first, because its memory is warm.
    idle: Mutex<Vec<Process>>,
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The deadline or the limit of CPU time was exceeded.
    #[error("it takes too long")]
    TooSlow,
    /// The child ended like a process that runs out of memory or stack.
    #[error("it takes too much memory")]
    TooLarge,
    /// A bug of ours or of a library, triggered by this request.
    #[error("{0}")]
    Panicked(String),
    /// The child ended otherwise; `killed` says whether by a signal.
    #[error("the child is gone: {message}")]
    Lost { message: String, killed: bool },
    #[error("no child can be started: {0}")]
    NotStarted(String),
}

impl Pool {
    /// Starts children on demand.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::of(options, false, Vec::new())
    }

    /// Starts all children now, and replacements at once. Fails if the program can't be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let idle = (0..options.children).map(|_| options.start()).collect::<io::Result<_>>()?;
        Ok(Self::of(options, true, idle))
    }

    fn of(options: Options, ahead: bool, idle: Vec<Process>) -> Self {
        let free = Semaphore::new(options.children);
        Self(Arc::new(Inner { options, ahead, free, idle: Mutex::new(idle) }))
    }

    /// Sends a request to a child. Dropping the future kills the child.
    pub async fn ask<A: DeserializeOwned>(
        &self,
        request: &impl Serialize,
        bytes: &[u8],
    ) -> Result<(A, Vec<u8>), AskError> {
        let options = &self.0.options;
        let request = serde_json::to_vec(request).map_err(lost)?;
        let _permit = self.0.free.acquire().await.map_err(lost)?;
        let idle = self.0.idle().pop();
        let process = idle.map_or_else(|| options.start(), Ok);
        let process = process.map_err(|error| AskError::NotStarted(error.to_string()))?;
        let mut busy = Busy { inner: &self.0, process: Some(process), given_back: false };
        let Some(process) = &mut busy.process else { return Err(lost("there is none")) };
        let asked = timeout(options.deadline, process.ask((&request, bytes), options.reply_bytes)).await;
        let error = match asked {
            Ok(Ok((Ok(answer), bytes))) => {
                busy.give_back();
                return Ok((answer, bytes));
            }
            Ok(Ok((Err(message), _))) => AskError::Panicked(message),
            Ok(Err(lost)) => blame(&lost),
            Err(_) => AskError::TooSlow,
        };
        warn!(process.requests = process.requests, %error, flag = options.flag, "a child was lost");
        Err(error)
    }
}

fn lost(message: impl ToString) -> AskError {
    AskError::Lost { message: message.to_string(), killed: false }
}

/// Derives the error from how the child ended.
fn blame(lost: &Lost) -> AskError {
    match lost.signal() {
        Some(SIGXCPU) => AskError::TooSlow,
        // Rust aborts when memory or the stack is exhausted; so do faulty libraries.
        Some(SIGABRT | SIGSEGV | SIGBUS) => AskError::TooLarge,
        signal => AskError::Lost { message: lost.to_string(), killed: signal.is_some() },
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Options {
    fn start(&self) -> io::Result<Process> {
        let bounds = Bounds { memory: self.memory, seconds: self.deadline.as_secs().max(1), requests: self.requests };
        Process::start(&self.program, self.flag, &bounds)
    }

    fn is_worn(&self, process: &Process) -> bool {
        process.requests >= self.requests || process.resident > self.resident
    }
}

/// A busy child. Unless it is given back, a new one replaces it.
struct Busy<'a> {
    inner: &'a Inner,
    process: Option<Process>,
    given_back: bool,
}

impl Busy<'_> {
    fn give_back(mut self) {
        let options = &self.inner.options;
        if let Some(process) = self.process.take_if(|process| !options.is_worn(process)) {
            self.inner.idle().push(process);
            self.given_back = true;
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let options = &self.inner.options;
        if self.given_back || !self.inner.ahead {
            return;
        }
        if let Some(process) = self.process.take() {
            info!(process.requests = process.requests, process.resident = process.resident, "replaces a child");
        }
        // Without a runtime no further request can come.
        if Handle::try_current().is_ok()
            && let Ok(process) = options.start()
        {
            self.inner.idle().insert(0, process);
        }
    }
}
