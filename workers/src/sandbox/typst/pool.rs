//! Hands each document to a child that is free; replaces those that end, fail or have grown.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::libc::{SIGABRT, SIGBUS, SIGSEGV, SIGXCPU};
use ruche_render::{Output, Resources};
use ruche_schemas::{Failure, failure::codes, kinds::render::Render};
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};
use tracing::{info, warn};

use super::{
    frames::{Answer, RequestRef},
    process::{Lost, Process},
};

/// What a pool is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program of the children: `ruche-worker`.
    pub program: PathBuf,
    /// How many there are, each with one document at a time.
    pub children: usize,
    /// How much memory one may take, in bytes of address space.
    pub memory: u64,
    /// How long a document may take, and how much processor time.
    pub deadline: Duration,
    /// After how many documents one is replaced.
    pub documents: u32,
    /// From how much memory on one is replaced, in bytes.
    pub resident: u64,
}

/// The children.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    free: Semaphore,
    /// Those that wait, the one that worked last at the end: what it worked out may be of use again.
    idle: Mutex<Vec<Process>>,
}

/// Why a document was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// It never will be.
    #[error("{0}")]
    Refused(Failure),
    /// Nothing is known against it: the child was lost.
    #[error("the process that set the document is gone: {0}")]
    Lost(String),
}

impl Pool {
    /// Starts the children.
    ///
    /// # Errors
    /// When the program can't be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let idle = (0..options.children).map(|_| Process::start(&options)).collect::<io::Result<_>>()?;
        let free = Semaphore::new(options.children);
        Ok(Self(Arc::new(Inner { options, free, idle: Mutex::new(idle) })))
    }

    /// Sets a document. Where the future is dropped, its child is killed.
    ///
    /// # Errors
    /// [`SetError`].
    pub async fn set(&self, job: &Render, resources: &Resources) -> Result<Output, SetError> {
        match self.ask(job, Some(resources)).await? {
            Answer::Set(output) => Ok(output),
            Answer::Wanted(_) => Err(SetError::Lost("it answered something else".to_owned())),
        }
    }

    /// The addresses of the pictures on the web that a document shows. It is a child that reads it, as whatever was sent.
    ///
    /// # Errors
    /// [`SetError`].
    pub async fn wanted(&self, job: &Render) -> Result<Vec<String>, SetError> {
        match self.ask(job, None).await? {
            Answer::Wanted(addresses) => Ok(addresses),
            Answer::Set(_) => Err(SetError::Lost("it answered something else".to_owned())),
        }
    }

    async fn ask(&self, job: &Render, resources: Option<&Resources>) -> Result<Answer, SetError> {
        let lost = |error: &dyn std::fmt::Display| SetError::Lost(error.to_string());
        let request = serde_json::to_vec(&RequestRef { job, resources }).map_err(|error| lost(&error))?;
        let _permit = self.0.free.acquire().await.map_err(|error| lost(&error))?;
        let process = self.0.idle().pop();
        let process = process.map_or_else(|| Process::start(&self.0.options), Ok).map_err(|error| lost(&error))?;
        let mut busy = Busy { inner: &self.0, process: Some(process), given_back: false };
        let Some(process) = &mut busy.process else { return Err(SetError::Lost("there is none".to_owned())) };
        let result = match timeout(self.0.options.deadline, process.ask(&request)).await {
            Ok(Ok(result)) => {
                if result.as_ref().err().is_none_or(|failure| failure.code != codes::INTERNAL) {
                    busy.give_back();
                }
                return result.map_err(SetError::Refused);
            }
            Ok(Err(lost)) => Err(self.0.options.blame(&lost)),
            Err(_) => Err(SetError::Refused(self.0.options.too_slow())),
        };
        let reason = result.as_ref().err().map(ToString::to_string);
        warn!(process.documents = process.documents, reason, "a child that sets documents was lost");
        result
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A child at work. Where it is not given back, another takes its place.
struct Busy<'a> {
    inner: &'a Inner,
    process: Option<Process>,
    given_back: bool,
}

impl Busy<'_> {
    fn give_back(mut self) {
        let options = &self.inner.options;
        let worn = |process: &Process| process.documents >= options.documents || process.resident > options.resident;
        if let Some(process) = self.process.take_if(|process| !worn(process)) {
            self.inner.idle().push(process);
            self.given_back = true;
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if self.given_back {
            return;
        }
        if let Some(process) = self.process.take() {
            info!(process.documents = process.documents, process.resident = process.resident, "replaces a child");
        }
        // Outside of a runtime nobody sets documents any more.
        if Handle::try_current().is_ok()
            && let Ok(process) = Process::start(&self.inner.options)
        {
            self.inner.idle().insert(0, process);
        }
    }
}

impl Options {
    fn too_slow(&self) -> Failure {
        let message = format!(
            "the document takes more than {} seconds: make it smaller, or look for a loop in its template",
            self.deadline.as_secs()
        );
        Failure::new(codes::TOO_COMPLEX, message)
    }

    /// Whose fault it is that a child has ended.
    fn blame(&self, lost: &Lost) -> SetError {
        match lost.signal() {
            Some(SIGXCPU) => SetError::Refused(self.too_slow()),
            // What Rust does where memory or the stack has an end, and what a broken library does.
            Some(SIGABRT | SIGSEGV | SIGBUS) => {
                let message = format!(
                    "the document takes more memory than the {} MiB that one may have: make it smaller",
                    self.memory >> 20
                );
                SetError::Refused(Failure::new(codes::TOO_COMPLEX, message))
            }
            _ => SetError::Lost(match lost {
                Lost::Ended(status) => status.to_string(),
                Lost::Broken(error) => error.to_string(),
            }),
        }
    }
}
