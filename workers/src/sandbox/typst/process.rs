//! One child process, as its parent sees it.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use ruche_render::Output;
use ruche_schemas::Failure;
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::{
    frames::{self, Answer, Reply},
    pool::Options,
    serve::FLAG,
};

/// How long a child whose pipe broke may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// A child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How many documents it has set.
    pub documents: u32,
    /// How much memory it held after the last, in bytes.
    pub resident: u64,
}

/// Why there was no reply.
#[derive(Debug)]
pub enum Lost {
    /// It has ended.
    Ended(ExitStatus),
    /// Its pipe broke, and nothing more is known.
    Broken(io::Error),
}

impl Process {
    /// Starts one. It gets ready by itself.
    pub fn start(options: &Options) -> io::Result<Self> {
        let mut child = Command::new(&options.program)
            .arg(FLAG)
            .arg(options.memory.to_string())
            .arg(options.deadline.as_secs().max(1).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
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
        Ok(Self { child, input, output, documents: 0, resident: 0 })
    }

    /// Asks it.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Result<Answer, Failure>, Lost> {
        self.documents += 1;
        match self.exchange(request).await {
            Ok(result) => Ok(result),
            Err(error) => Err(match timeout(GONE, self.child.wait()).await {
                Ok(Ok(status)) => Lost::Ended(status),
                _ => Lost::Broken(error),
            }),
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Result<Answer, Failure>> {
        frames::send(&mut self.input, request).await?;
        let reply: Reply = serde_json::from_slice(&frames::receive(&mut self.output).await?)?;
        let bytes = frames::receive(&mut self.output).await?;
        self.resident = reply.resident;
        Ok(reply.result.map(|answer| match answer {
            Answer::Set(output) => Answer::Set(Output { bytes, ..output }),
            wanted @ Answer::Wanted(_) => wanted,
        }))
    }
}

impl Lost {
    /// The signal that ended it, by its number.
    pub fn signal(&self) -> Option<i32> {
        match self {
            Self::Ended(status) => status.signal(),
            Self::Broken(_) => None,
        }
    }
}
