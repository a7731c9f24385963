//! The child process: answers requests one after the other, within its limits.

use std::{
    io::{self, BufReader, BufWriter, Write},
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use serde::{Serialize, de::DeserializeOwned};

use super::frames::{self, Reply};

#[derive(Debug, Clone, Copy)]
pub struct Child {
    /// First argument of the child process.
    pub flag: &'static str,
    /// The child's main function; runs confined, and ends with [`serve`].
    pub run: fn(Bounds) -> anyhow::Result<()>,
}

/// Limits of a child, passed as arguments.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of address space.
    pub memory: u64,
    /// CPU time per request and thread, in seconds.
    pub seconds: u64,
    /// Requests before the child is replaced.
    pub requests: u32,
}

impl Bounds {
    pub(super) fn arguments(&self) -> [String; 3] {
        [self.memory.to_string(), self.seconds.to_string(), self.requests.to_string()]
    }

    fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let arguments: Vec<String> = arguments.collect();
        let [memory, seconds, requests] = &arguments[..] else { anyhow::bail!("a child takes three numbers") };
        Ok(Self { memory: memory.parse()?, seconds: seconds.parse()?, requests: requests.parse()? })
    }
}

/// The last panic's message, for the reply.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs as a child, if the first argument is a child's flag.
pub fn run_child(children: &[Child], mut arguments: impl Iterator<Item = String>) -> Option<anyhow::Result<()>> {
    let flag = arguments.next()?;
    let child = children.iter().find(|child| child.flag == flag)?;
    Some(Bounds::read(arguments).and_then(|bounds| {
        confine(bounds)?;
        (child.run)(bounds)
    }))
}

fn confine(bounds: Bounds) -> anyhow::Result<()> {
    // Kills the child when its parent dies, even during a request.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    setrlimit(Resource::RLIMIT_AS, bounds.memory, bounds.memory).context("the bound on memory can't be set")?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    Ok(())
}

/// Answers requests until end of input, with at most `threads` threads. Fails if a pipe breaks or a limit can't be
/// set.
pub fn serve<Q: DeserializeOwned, A: Serialize>(
    bounds: Bounds,
    threads: u64,
    mut answer: impl FnMut(Q, Vec<u8>) -> (A, Vec<u8>),
) -> anyhow::Result<()> {
    let seconds = bounds.seconds.saturating_mul(threads).saturating_add(1);
    // The hard limit covers all requests together, so a soft limit always applies first.
    let all = seconds.saturating_add(1).saturating_mul(bounds.requests.into());
    bound_time(|used, hard| (hard, used.saturating_add(all).min(hard)))?;
    let (mut input, mut output) = (BufReader::new(io::stdin()), BufWriter::new(io::stdout()));
    while let Some(request) = frames::read(&mut input)? {
        let bytes = frames::read(&mut input)?.unwrap_or_default();
        let request = serde_json::from_slice(&request)?;
        bound_time(|used, hard| (used.saturating_add(seconds).min(hard), hard))?;
        let answered = panic::catch_unwind(AssertUnwindSafe(|| answer(request, bytes)));
        let (result, bytes) = match answered {
            Ok((answer, bytes)) => (Ok(answer), bytes),
            Err(_) => (Err(std::mem::take(&mut *PANIC.lock().unwrap_or_else(PoisonError::into_inner))), Vec::new()),
        };
        frames::write(&mut output, &serde_json::to_vec(&Reply { result, resident: resident() })?)?;
        frames::write(&mut output, &bytes)?;
        output.flush()?;
    }
    Ok(())
}

/// Sets the soft and the hard limit of CPU time, computed from the time used and the current hard limit, in seconds.
/// SIGXCPU ends the process at the soft limit, SIGKILL at the hard one.
fn bound_time(bounds: impl FnOnce(u64, u64) -> (u64, u64)) -> anyhow::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    let (soft, hard) = bounds(u64::try_from(used).unwrap_or(0), hard);
    setrlimit(Resource::RLIMIT_CPU, soft.min(hard), hard).context("the bound on processor time can't be set")
}

/// Resident memory in bytes; 0 if unknown.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4096);
    pages.saturating_mul(u64::try_from(size).unwrap_or(4096))
}
