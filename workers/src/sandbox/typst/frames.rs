//! What goes through the pipes: frames, each its length (32 bits, little endian) and as many bytes.

use std::io::{self, Read, Write};

use chrono::NaiveDate;
use ruche_render::{Output, Resources};
use ruche_schemas::{Failure, kinds::render::Render};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest frame, in bytes: a job with all its files and its template, as JSON.
const FRAME: u32 = 512 << 20;

/// What is asked of a child.
#[derive(Debug, Deserialize)]
pub struct Request {
    /// Of what document.
    pub job: Render,
    /// What else it needs, so that it is set; without them, which pictures on the web it shows.
    pub resources: Option<Resources>,
}

/// The same, while it is only looked at.
#[derive(Debug, Serialize)]
pub struct RequestRef<'a> {
    pub job: &'a Render,
    pub resources: Option<&'a Resources>,
}

/// What a child answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The addresses of pictures.
    Wanted(Vec<String>),
    /// The document; its bytes are the next frame.
    Set(Output),
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
    /// Memory that the process holds now, in bytes.
    pub resident: u64,
}

/// The day of a document that is set ahead of all others.
pub const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2000, 1, 1);

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME);
    let length = length.ok_or_else(|| io::Error::other(format!("a frame of {} bytes is too long", bytes.len())))?;
    Ok(length.to_le_bytes())
}

fn checked(length: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(length);
    match length <= FRAME {
        true => Ok(length as usize),
        false => Err(io::Error::other(format!("a frame of {length} bytes is too long"))),
    }
}

/// Sends a frame.
pub async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(&length(bytes)?).await?;
    to.write_all(bytes).await?;
    to.flush().await
}

/// Waits for a frame.
pub async fn receive(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut bytes = vec![0; checked(length)?];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Writes a frame.
pub fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&length(bytes)?)?;
    to.write_all(bytes)
}

/// Reads a frame; `None` where there will be no more.
pub fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = vec![0; checked(length)?];
    from.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
