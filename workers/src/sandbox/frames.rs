//! The protocol on the pipes: frames of a length (32 bits, little endian) and that many bytes.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest frame, in bytes: a job with all its files, as JSON.
pub(super) const FRAME: u32 = 512 << 20;

/// The head of a child's reply; the answer's bytes are the next frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reply<A> {
    /// The answer, or a panic's message.
    pub(super) result: Result<A, String>,
    /// Resident memory of the child, in bytes.
    pub(super) resident: u64,
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME);
    let length = length.ok_or_else(|| io::Error::other(format!("a frame of {} bytes is too long", bytes.len())))?;
    Ok(length.to_le_bytes())
}

fn checked(length: [u8; 4], longest: u32) -> io::Result<usize> {
    let length = u32::from_le_bytes(length);
    match length <= longest {
        true => Ok(length as usize),
        false => Err(io::Error::other(format!("a frame of {length} bytes is too long"))),
    }
}

pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(&length(bytes)?).await?;
    to.write_all(bytes).await?;
    to.flush().await
}

/// Receives a frame of at most `longest` bytes.
pub(super) async fn receive(from: &mut (impl AsyncRead + Unpin), longest: u32) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut bytes = vec![0; checked(length, longest)?];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

pub(super) fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&length(bytes)?)?;
    to.write_all(bytes)
}

/// Reads a frame; `None` at the end of input.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = vec![0; checked(length, FRAME)?];
    from.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
