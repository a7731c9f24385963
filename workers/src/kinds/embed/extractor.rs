//! Reads documents in child processes, a new one for each: a crash costs one document.

use std::{path::PathBuf, thread, time::Duration};

use ruche_schemas::kinds::embed::Format;
use serde::{Deserialize, Serialize};

use crate::{
    sandbox::{self, AskError, Bounds, Child, Pool},
    text::{self, ExtractError, Extracted, MAX_TEXT_BYTES, charset, csv, docx, html, pdf},
};

pub(crate) const CHILD: Child = Child { flag: "--read-document", run };
/// In bytes: JSON writes one byte as up to six.
const REPLY_BYTES: u32 = 6 * MAX_TEXT_BYTES as u32;
/// In bytes, for recursion in libraries. Unused stack takes no memory.
const STACK: usize = 256 << 20;

/// What the bytes of a document are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    pub format: Format,
    /// The encoding of a text, if the sender says it.
    pub charset: Option<String>,
}

impl From<Format> for Source {
    fn from(format: Format) -> Self {
        Self { format, charset: None }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    pub program: PathBuf,
    /// The number of documents that are read at once.
    pub children: usize,
    /// Of one child, in bytes of address space.
    pub memory: u64,
    /// Of one document, in wall-clock time and in processor time.
    pub deadline: Duration,
}

#[derive(Debug, Clone)]
pub struct Extractor {
    pool: Pool,
    memory: u64,
    deadline: Duration,
}

impl Extractor {
    /// Starts no child yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { program, children, memory, deadline } = options;
        let pool = Pool::new(sandbox::Options {
            program,
            flag: CHILD.flag,
            children,
            memory,
            deadline,
            requests: 1,
            resident: u64::MAX,
            reply_bytes: REPLY_BYTES,
        });
        Self { pool, memory, deadline }
    }

    pub async fn extract(&self, source: impl Into<Source>, bytes: &[u8]) -> Result<Extracted, ExtractError> {
        match self.pool.ask::<Result<Extracted, String>>(&source.into(), bytes).await {
            Ok((extracted, _)) => extracted.map_err(ExtractError::Unreadable),
            Err(AskError::TooSlow | AskError::TooLarge | AskError::Lost { killed: true, .. }) => {
                let (seconds, most) = (self.deadline.as_secs(), self.memory >> 20);
                Err(ExtractError::TooComplex(format!("{seconds} s or {most} MiB")))
            }
            Err(AskError::Panicked(_) | AskError::Lost { .. }) => {
                Err(ExtractError::Unreadable("reading it fails; send its text".to_owned()))
            }
            Err(AskError::NotStarted(reason)) => Err(ExtractError::Unavailable(reason)),
        }
    }
}

fn run(bounds: Bounds) -> anyhow::Result<()> {
    let serve = move || sandbox::serve(bounds, 1, |source: Source, bytes: Vec<u8>| (read(&source, &bytes), Vec::new()));
    let serving = thread::Builder::new().stack_size(STACK).spawn(serve)?;
    serving.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the thread that reads has panicked")))
}

fn read(source: &Source, bytes: &[u8]) -> Result<Extracted, String> {
    let extracted = match source.format {
        Format::Pdf => pdf::extract(bytes)?,
        Format::Docx => docx::extract(bytes)?,
        format => read_text(format, source.charset.as_deref(), bytes)?,
    };
    match extracted.markdown.len() > MAX_TEXT_BYTES {
        true => Err(format!("it has more than {MAX_TEXT_BYTES} bytes of text: divide it")),
        false => Ok(extracted),
    }
}

fn read_text(format: Format, charset: Option<&str>, bytes: &[u8]) -> Result<Extracted, String> {
    let decoded = charset::decode(bytes, charset, format == Format::Html).map_err(|message| format!("it {message}"))?;
    let mut extracted = match format {
        Format::Html => html::extract(&decoded.text)?,
        Format::Csv => csv::extract(&decoded.text, None)?,
        Format::Tsv => csv::extract(&decoded.text, Some(b'\t'))?,
        Format::Markdown => text::markdown(&decoded.text),
        Format::Text | Format::Pdf | Format::Docx => Extracted { markdown: decoded.text, ..Extracted::default() },
    };
    extracted.warnings.extend(decoded.warnings);
    Ok(extracted)
}
