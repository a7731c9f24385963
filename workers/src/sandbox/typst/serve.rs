//! The child's part: sets one document after the other, within its bounds.

use std::{
    io::{self, BufReader, BufWriter, Write},
    panic::{self, AssertUnwindSafe},
    sync::Mutex,
};

use anyhow::Context as _;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use ruche_render::{Renderer, Resources};
use ruche_schemas::{Failure, failure::codes, kinds::render::Render};

use super::frames::{self, Answer, FIRST_DAY, Reply, Request};

/// The first argument of such a process.
pub const FLAG: &str = "--set-documents";

/// Threads of a child. The children share the cores among them; a single document is done sooner with two.
const THREADS: usize = 2;

/// What Typst's recursion may take, in each thread: only what is used of it becomes memory.
const STACK: usize = 128 << 20;

/// A document that needs what most need, so that it is loaded before the first one comes.
const FIRST: &str = "# A\n\nText *b* **c** `d` [e](https://example.org).\n\n- f\n\n```rust\nlet g = 1;\n```\n\n$h^2$\n";

/// Where a panic's message is kept for the reply.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Serves until its input ends. Arguments: the bound on memory in bytes, the bound on processor time in seconds a document.
///
/// # Errors
/// When the arguments are none, or a pipe breaks.
pub fn serve(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let numbers: Vec<u64> = arguments.map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let [memory, seconds] = numbers[..] else { anyhow::bail!("{FLAG} takes two numbers") };
    // Whatever its parent dies of, it ends too, also in the midst of a document.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    setrlimit(Resource::RLIMIT_AS, memory, memory).context("the bound on memory can't be set")?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    panic::set_hook(Box::new(|info| {
        let mut message = PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *message = info.to_string();
    }));
    // Streams of a PDF are compressed side by side where a core is free; a thread's stack is ours to choose.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(THREADS).stack_size(STACK).build()?;
    threads.install(|| loop_of(seconds))
}

fn loop_of(seconds: u64) -> anyhow::Result<()> {
    let renderer = Renderer::new();
    let first = Render { markdown: FIRST.to_owned(), ..Render::default() };
    let _ = renderer.render(&first, &Resources { today: FIRST_DAY, ..Resources::default() });
    let (mut input, mut output) = (BufReader::new(io::stdin()), BufWriter::new(io::stdout()));
    while let Some(frame) = frames::read(&mut input)? {
        let request: Request = serde_json::from_slice(&frame)?;
        drop(frame);
        bound_time(seconds)?;
        let mut result = guarded(&renderer, &request);
        let bytes = match &mut result {
            Ok(Answer::Set(output)) => std::mem::take(&mut output.bytes),
            Ok(Answer::Wanted(_)) | Err(_) => Vec::new(),
        };
        frames::write(&mut output, &serde_json::to_vec(&Reply { result, resident: resident() })?)?;
        frames::write(&mut output, &bytes)?;
        output.flush()?;
    }
    Ok(())
}

/// A panic is a fault of ours or of a library's: it is told, and costs this document.
fn guarded(renderer: &Renderer, request: &Request) -> Result<Answer, Failure> {
    let answer = panic::catch_unwind(AssertUnwindSafe(|| match &request.resources {
        Some(resources) => renderer.render(&request.job, resources).map(Answer::Set),
        None => Ok(Answer::Wanted(Renderer::wanted(&request.job))),
    }));
    answer.unwrap_or_else(|_| {
        let message = std::mem::take(&mut *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        Err(Failure::new(codes::INTERNAL, format!("the renderer failed at this document: {message}")))
    })
}

/// From now on each of its threads may take so many seconds of processor time more; then SIGXCPU ends it.
fn bound_time(seconds: u64) -> anyhow::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    let soft =
        u64::try_from(used).unwrap_or(0).saturating_add(seconds.saturating_mul(THREADS as u64)).saturating_add(1);
    setrlimit(Resource::RLIMIT_CPU, soft.min(hard), hard).context("the bound on processor time can't be set")
}

/// What it holds of memory, in bytes; 0 where the system does not tell.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4096);
    pages.saturating_mul(u64::try_from(size).unwrap_or(4096))
}
