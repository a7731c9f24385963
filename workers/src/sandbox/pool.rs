//! Hands each request to a child that is free; replaces those that end, fail, have grown or have done their share.

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

/// What a pool is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program of the children: `ruche-worker`.
    pub program: PathBuf,
    /// Which [`super::Child`] they are.
    pub flag: &'static str,
    /// How many there are at most, each with one request at a time.
    pub children: usize,
    /// How much memory one may take, in bytes of address space.
    pub memory: u64,
    /// How long a request may take, and how much processor time.
    pub deadline: Duration,
    /// After how many requests one is replaced.
    pub requests: u32,
    /// From how much memory on one is replaced, in bytes.
    pub resident: u64,
    /// The longest frame of a reply, in bytes.
    pub reply_bytes: u32,
}

/// The children.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    /// Whether children are started before they are needed.
    ahead: bool,
    free: Semaphore,
    /// Those that wait, the one that worked last at the end: what it has in memory may be of use again.
    idle: Mutex<Vec<Process>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It took longer than the deadline, or more processor time.
    #[error("it takes too long")]
    TooSlow,
    /// The child ended as processes do that get no more memory or stack.
    #[error("it takes too much memory")]
    TooLarge,
    /// The child panicked: a fault of ours or of a library's at this request.
    #[error("{0}")]
    Panicked(String),
    /// The child ended otherwise; `killed` by a signal, or by itself.
    #[error("the child is gone: {message}")]
    Lost { message: String, killed: bool },
    /// No child can be started.
    #[error("no child can be started: {0}")]
    NotStarted(String),
}

impl Pool {
    /// Children are started when they are needed.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::of(options, false, Vec::new())
    }

    /// Children are started before they are needed, all of them now.
    ///
    /// # Errors
    /// When the program can't be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let idle = (0..options.children).map(|_| options.start()).collect::<io::Result<_>>()?;
        Ok(Self::of(options, true, idle))
    }

    fn of(options: Options, ahead: bool, idle: Vec<Process>) -> Self {
        let free = Semaphore::new(options.children);
        Self(Arc::new(Inner { options, ahead, free, idle: Mutex::new(idle) }))
    }

    /// Asks a child. If the future is dropped, its child is killed.
    ///
    /// # Errors
    /// [`AskError`].
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

/// Whose fault it is that a child has ended.
fn blame(lost: &Lost) -> AskError {
    match lost.signal() {
        Some(SIGXCPU) => AskError::TooSlow,
        // What Rust does where memory or the stack has an end, and what a broken library does.
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

/// A child at work. Unless it is given back, another takes its place.
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
        // Outside of a runtime nobody asks any more.
        if Handle::try_current().is_ok()
            && let Ok(process) = options.start()
        {
            self.inner.idle().insert(0, process);
        }
    }
}
