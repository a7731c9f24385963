//! HTML and PDF are read in a process of their own, with bounds: whatever it dies of costs one document.
//!
//! A process is started for each document, which takes some milliseconds, much less than its embedding. It gets the file on
//! its standard input and answers JSON.

use std::{
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    panic,
    path::PathBuf,
    process::Stdio,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use nix::sys::resource::{Resource, setrlimit};
use ruche_schemas::kinds::embed::{Format, document::MAX_DOCUMENT_BYTES};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

use crate::text::{ExtractError, Extracted, MAX_TEXT_BYTES, html, pdf};

/// The first argument of such a process.
pub const FLAG: &str = "--read-document";
/// The longest answer, in bytes: JSON makes up to six bytes of one.
const ANSWER: u64 = 6 * MAX_TEXT_BYTES as u64;
/// What libraries' recursion may take: only what is used of it becomes memory.
const STACK: usize = 256 << 20;

/// How documents are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// `ruche-worker`.
    pub program: PathBuf,
    /// How much memory one may take, in bytes of address space.
    pub memory: u64,
    /// How long one may take.
    pub deadline: Duration,
}

/// Reads documents.
#[derive(Debug, Clone)]
pub struct Extractor(Options);

impl Extractor {
    /// With these bounds.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self(options)
    }

    /// The text of a file that is HTML or PDF.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn extract(&self, format: Format, bytes: &[u8]) -> Result<Extracted, ExtractError> {
        let mut child = self.start(format).map_err(|error| ExtractError::Unavailable(error.to_string()))?;
        // Dropping the child kills it.
        match timeout(self.0.deadline, exchange(&mut child, bytes)).await {
            Ok(Ok(answer)) => self.understand(&mut child, &answer).await,
            Ok(Err(error)) => Err(ExtractError::Unavailable(error.to_string())),
            Err(_) => Err(self.too_complex()),
        }
    }

    fn start(&self, format: Format) -> io::Result<Child> {
        let Options { program, memory, deadline } = &self.0;
        Command::new(program)
            .args([FLAG, format.as_str()])
            .args([memory.to_string(), deadline.as_secs().max(1).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .process_group(0)
            // The worker's secrets are not its.
            .env_clear()
            .envs(std::env::var_os("LD_LIBRARY_PATH").map(|path| ("LD_LIBRARY_PATH", path)))
            .spawn()
    }

    async fn understand(&self, child: &mut Child, answer: &[u8]) -> Result<Extracted, ExtractError> {
        if let Ok(answer) = serde_json::from_slice::<Result<Extracted, String>>(answer) {
            return answer.map_err(ExtractError::Unreadable);
        }
        match timeout(self.0.deadline, child.wait()).await {
            // It was ended by one of its bounds.
            Ok(Ok(status)) if status.signal().is_some() => Err(self.too_complex()),
            _ => Err(ExtractError::Unreadable("reading it fails; send its text".to_owned())),
        }
    }

    fn too_complex(&self) -> ExtractError {
        let Options { memory, deadline, .. } = &self.0;
        ExtractError::TooComplex(format!("{} s or {} MiB", deadline.as_secs(), memory >> 20))
    }
}

/// Sends the file and reads the answer, both at once: a child that ends early does not want all of it.
async fn exchange(child: &mut Child, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let none = || io::Error::other("a child has no pipes");
    let mut input = child.stdin.take().ok_or_else(none)?;
    let output = child.stdout.take().ok_or_else(none)?;
    let send = async move {
        // A broken pipe shows in the answer.
        let _ = input.write_all(bytes).await;
        let _ = input.shutdown().await;
    };
    let mut answer = Vec::new();
    let mut bounded = output.take(ANSWER);
    let ((), read) = tokio::join!(send, bounded.read_to_end(&mut answer));
    read.map(|_| answer)
}

/// The child's part. Arguments: the format, the bound on memory in bytes, the bound on processor time in seconds.
///
/// # Errors
/// When the arguments are none, or a pipe breaks.
pub fn serve(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let arguments: Vec<String> = arguments.collect();
    let [format, memory, seconds] = &arguments[..] else { anyhow::bail!("{FLAG} takes three arguments") };
    let format: Format = format.parse().map_err(anyhow::Error::msg)?;
    let (memory, seconds): (u64, u64) = (memory.parse()?, seconds.parse()?);
    // Whatever its parent dies of, it ends too.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    setrlimit(Resource::RLIMIT_AS, memory, memory).context("the bound on memory can't be set")?;
    setrlimit(Resource::RLIMIT_CPU, seconds, seconds + 1).context("the bound on processor time can't be set")?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    panic::set_hook(Box::new(|_| {}));
    let mut bytes = Vec::new();
    io::stdin().take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let reading = thread::Builder::new().stack_size(STACK).spawn(move || read(format, &bytes))?;
    // A panic is a fault of ours or of a library's at this file.
    let answer = reading.join().unwrap_or_else(|_| Err("reading it fails; send its text".to_owned()));
    let mut output = io::stdout().lock();
    output.write_all(&serde_json::to_vec(&answer)?)?;
    Ok(output.flush()?)
}

fn read(format: Format, bytes: &[u8]) -> Result<Extracted, String> {
    let extracted = match format {
        Format::Pdf => pdf::extract(bytes)?,
        Format::Html => html::extract(&String::from_utf8_lossy(bytes)),
        Format::Markdown | Format::Text => return Err("it is text already".to_owned()),
    };
    match extracted.markdown.len() > MAX_TEXT_BYTES {
        true => Err(format!("it has more than {MAX_TEXT_BYTES} bytes of text: divide it")),
        false => Ok(extracted),
    }
}
