//! Typesets documents in child processes: Typst can't be stopped, and a template's computation has no bound.
//!
//! The children are started ahead, with their fonts loaded.

use std::{io, path::PathBuf, time::Duration};

use chrono::NaiveDate;
use ruche_render::{Output, Renderer, Resources};
use ruche_schemas::{Failure, failure::codes, kinds::render::Render};
use serde::{Deserialize, Serialize};

use crate::sandbox::{self, AskError, Bounds, Child, Pool};

pub(crate) const CHILD: Child = Child { flag: "--set-documents", run };
/// The children share the cores; a single document is done sooner with two threads.
const THREADS: usize = 2;
/// The stack of each thread, for Typst's recursion: only what is used becomes memory.
const STACK: usize = 128 << 20;
/// The longest reply, in bytes.
const REPLY_BYTES: u32 = 512 << 20;

/// Needs what most documents need, so that it is loaded before the first one.
const FIRST: &str = "# A\n\nText *b* **c** `d` [e](https://example.org).\n\n- f\n\n```rust\nlet g = 1;\n```\n\n$h^2$\n";
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2000, 1, 1);

#[derive(Debug, Clone)]
pub struct Options {
    /// The program of the children: `ruche-worker`.
    pub program: PathBuf,
    /// Each typesets one document at a time.
    pub children: usize,
    /// Of one child, in bytes of address space.
    pub memory: u64,
    /// The most time of a document, and of processor time.
    pub deadline: Duration,
    /// A child is replaced after this many documents.
    pub documents: u32,
    /// A child is replaced from this much memory on, in bytes.
    pub resident: u64,
}

/// Cheap to clone; the clones share the children.
#[derive(Debug, Clone)]
pub struct Typesetter {
    pool: Pool,
    memory: u64,
    deadline: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum TypesetError {
    /// It never will be.
    #[error("{0}")]
    Refused(Failure),
    /// The child was lost, and the document may not be the cause.
    #[error("the process that typeset the document is gone: {0}")]
    Lost(String),
}

#[derive(Serialize)]
struct RequestRef<'a> {
    job: &'a Render,
    /// Without them, the child lists the pictures on the web.
    resources: Option<&'a Resources>,
}

#[derive(Deserialize)]
struct Request {
    job: Render,
    resources: Option<Resources>,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Wanted(Vec<String>),
    /// Its bytes are those of the reply.
    Typeset(Output),
}

impl Typesetter {
    /// # Errors
    /// When the program can't be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let Options { program, children, memory, deadline, documents, resident } = options;
        let pool = Pool::start(sandbox::Options {
            program,
            flag: CHILD.flag,
            children,
            memory,
            deadline,
            requests: documents,
            resident,
            reply_bytes: REPLY_BYTES,
        })?;
        Ok(Self { pool, memory, deadline })
    }

    /// If the future is dropped, its child is killed.
    ///
    /// # Errors
    /// [`TypesetError`].
    pub async fn typeset(&self, job: &Render, resources: &Resources) -> Result<Output, TypesetError> {
        match self.ask(job, Some(resources)).await? {
            (Answer::Typeset(output), bytes) => Ok(Output { bytes, ..output }),
            (Answer::Wanted(_), _) => Err(TypesetError::Lost("it answered something else".to_owned())),
        }
    }

    /// The addresses of a document's pictures on the web.
    ///
    /// # Errors
    /// [`TypesetError`].
    pub async fn wanted(&self, job: &Render) -> Result<Vec<String>, TypesetError> {
        match self.ask(job, None).await? {
            (Answer::Wanted(addresses), _) => Ok(addresses),
            (Answer::Typeset(_), _) => Err(TypesetError::Lost("it answered something else".to_owned())),
        }
    }

    async fn ask(&self, job: &Render, resources: Option<&Resources>) -> Result<(Answer, Vec<u8>), TypesetError> {
        let asked = self.pool.ask::<Result<Answer, Failure>>(&RequestRef { job, resources }, &[]).await;
        let (answer, bytes) = asked.map_err(|error| self.explain(error))?;
        Ok((answer.map_err(TypesetError::Refused)?, bytes))
    }

    fn explain(&self, error: AskError) -> TypesetError {
        let (code, message) = match error {
            AskError::TooSlow => {
                let seconds = self.deadline.as_secs();
                let what = "make it smaller, or look for a loop in its template";
                (codes::TOO_COMPLEX, format!("the document takes more than {seconds} seconds: {what}"))
            }
            AskError::TooLarge => {
                let most = self.memory >> 20;
                let what = format!("more memory than the {most} MiB that one may have: make it smaller");
                (codes::TOO_COMPLEX, format!("the document takes {what}"))
            }
            AskError::Panicked(message) => {
                (codes::INTERNAL, format!("the renderer failed at this document: {message}"))
            }
            AskError::Lost { .. } | AskError::NotStarted(_) => return TypesetError::Lost(error.to_string()),
        };
        TypesetError::Refused(Failure::new(code, message))
    }
}

fn run(bounds: Bounds) -> anyhow::Result<()> {
    // A PDF's streams are compressed in parallel if a core is free. A pool lets us set the stack size.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(THREADS).stack_size(STACK).build()?;
    threads.install(|| {
        let renderer = Renderer::new();
        let first = Render { markdown: FIRST.to_owned(), ..Render::default() };
        let _ = renderer.render(&first, &Resources { today: FIRST_DAY, ..Resources::default() });
        sandbox::serve(bounds, THREADS as u64, |request, _| typeset(&renderer, &request))
    })
}

fn typeset(renderer: &Renderer, request: &Request) -> (Result<Answer, Failure>, Vec<u8>) {
    let Some(resources) = &request.resources else {
        return (Ok(Answer::Wanted(Renderer::remote_pictures(&request.job))), Vec::new());
    };
    match renderer.render(&request.job, resources) {
        Ok(mut output) => {
            let bytes = std::mem::take(&mut output.bytes);
            (Ok(Answer::Typeset(output)), bytes)
        }
        Err(failure) => (Err(failure), Vec::new()),
    }
}
