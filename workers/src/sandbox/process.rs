//! One child process, as its parent sees it.

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

/// How long a child whose pipe broke may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// A child. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How many requests it has had.
    pub(super) requests: u32,
    /// How much memory it held after the last, in bytes.
    pub(super) resident: u64,
}

/// Why there was no reply.
#[derive(Debug)]
pub(super) enum Lost {
    /// It has ended.
    Ended(ExitStatus),
    /// Its pipe broke, and nothing more is known.
    Broken(io::Error),
}

impl Process {
    /// Starts one. It gets ready by itself.
    pub(super) fn start(program: &std::path::Path, flag: &str, bounds: &Bounds) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(flag)
            .args(bounds.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            // Ctrl-C is for the worker, which lets its children end what they do.
            .process_group(0)
            // The worker's secrets are not theirs.
            .env_clear()
            .envs(std::env::var_os("LD_LIBRARY_PATH").map(|path| ("LD_LIBRARY_PATH", path)))
            .spawn()?;
        let none = || io::Error::other("a child has no pipes");
        let input = child.stdin.take().ok_or_else(none)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(none)?);
        Ok(Self { child, input, output, requests: 0, resident: 0 })
    }

    /// Asks it. A reply's frames have at most `longest` bytes.
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
    /// The signal that ended it, by its number.
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
