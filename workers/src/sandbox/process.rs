//! One child process, seen from the parent.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::{
    child::Bounds,
    frames::{self, Reply},
};

/// Timeout of the exit of a child whose pipe broke.
const GONE: Duration = Duration::from_secs(5);

/// Killed on drop.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub(super) requests: u32,
    /// Resident memory after the last request, in bytes.
    pub(super) resident: u64,
}

#[derive(Debug)]
pub(super) enum Lost {
    Ended(ExitStatus),
    /// The pipe broke, and the child has not exited.
    Broken(io::Error),
}

impl Process {
    /// Spawns a child without waiting until it is ready.
    pub(super) fn start(program: &std::path::Path, flag: &str, bounds: &Bounds) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(flag)
            .args(bounds.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            // Keeps Ctrl-C from the children, so that they can finish.
            .process_group(0)
            // Hides the worker's secrets.
            .env_clear()
            // By default, the allocator reserves more address space than a child may have.
            .env("MIMALLOC_ARENA_RESERVE", "32MiB")
            .envs(std::env::var_os("LD_LIBRARY_PATH").map(|path| ("LD_LIBRARY_PATH", path)))
            .spawn()?;
        let none = || io::Error::other("a child has no pipes");
        let input = child.stdin.take().ok_or_else(none)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(none)?);
        Ok(Self { child, input, output, requests: 0, resident: 0 })
    }

    /// Sends a request and awaits the reply, whose frames have at most `longest` bytes.
    pub(super) async fn ask<A: DeserializeOwned>(
        &mut self,
        request: (&[u8], &[u8]),
        longest: u32,
    ) -> Result<(Result<A, String>, Vec<u8>), Lost> {
        self.requests += 1;
        match self.exchange(request, longest).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(match timeout(GONE, self.child.wait()).await {
                Ok(Ok(status)) => Lost::Ended(status),
                _ => Lost::Broken(error),
            }),
        }
    }

    async fn exchange<A: DeserializeOwned>(
        &mut self,
        (request, bytes): (&[u8], &[u8]),
        longest: u32,
    ) -> io::Result<(Result<A, String>, Vec<u8>)> {
        frames::send(&mut self.input, request).await?;
        frames::send(&mut self.input, bytes).await?;
        let reply: Reply<A> = serde_json::from_slice(&frames::receive(&mut self.output, longest).await?)?;
        let bytes = frames::receive(&mut self.output, longest).await?;
        self.resident = reply.resident;
        Ok((reply.result, bytes))
    }
}

impl Lost {
    /// The number of the signal that ended it.
    pub(super) fn signal(&self) -> Option<i32> {
        match self {
            Self::Ended(status) => status.signal(),
            Self::Broken(_) => None,
        }
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ended(status) => status.fmt(f),
            Self::Broken(error) => error.fmt(f),
        }
    }
}
