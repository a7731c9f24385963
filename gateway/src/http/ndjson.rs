//! Reads a body line by line in bounded memory: at most one line and one chunk. A large line waits for a share of the
//! memory for large requests.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;

use super::{
    body::{Bodies, Permit, broken},
    error::ApiError,
};

pub struct Ndjson {
    chunks: BodyDataStream,
    chunk: Bytes,
    line: BytesMut,
    /// Gives a large line its permit.
    shared: Option<Bodies>,
    /// The permit of the current or last line.
    permit: Option<Permit>,
    /// The current line is over the bound: the rest of it is dropped.
    over: bool,
    max: usize,
    idle: Duration,
    number: u64,
    ended: bool,
}

/// Numbered from 1.
pub type Line = (u64, Result<String, ApiError>);

impl Ndjson {
    /// `max`: the most bytes of a line. `idle`: how long the body may be silent.
    #[must_use]
    pub fn new(body: Body, max: usize, idle: Duration) -> Self {
        let (chunk, line) = (Bytes::new(), BytesMut::new());
        let (shared, permit, chunks) = (None, None, body.into_data_stream());
        Self { chunks, chunk, line, shared, permit, over: false, max, idle, number: 0, ended: false }
    }

    /// Lines over the small bound of bodies wait for a permit.
    #[must_use]
    pub fn share(self, bodies: Bodies) -> Self {
        Self { shared: Some(bodies), ..self }
    }

    /// The permit of the last line: keep it while that line is in memory.
    pub fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// Waits for the body's beginning.
    ///
    /// # Errors
    /// When the body breaks off.
    pub async fn begin(&mut self) -> Result<(), ApiError> {
        if self.chunk.is_empty() && !self.ended {
            self.read().await?;
        }
        Ok(())
    }

    /// The next line that is not blank; `None` after the last.
    ///
    /// # Errors
    /// When the body breaks off: no line follows.
    pub async fn next(&mut self) -> Result<Option<Line>, ApiError> {
        loop {
            let end = self.chunk.iter().position(|byte| *byte == b'\n');
            self.take(end.unwrap_or(self.chunk.len()));
            if let (Some(bodies), None) = (&self.shared, &self.permit)
                && self.line.len() > bodies.small
            {
                self.permit = Some(bodies.permit().await?);
            }
            if end.is_some() {
                self.chunk.advance(1);
            } else if !self.ended {
                self.read().await?;
                continue;
            } else if self.line.is_empty() && !self.over {
                return Ok(None);
            }
            self.number += 1;
            if let Some(line) = self.finish() {
                return Ok(Some((self.number, line)));
            }
        }
    }

    /// Moves bytes of the chunk to the line.
    fn take(&mut self, bytes: usize) {
        let part = self.chunk.split_to(bytes);
        if self.over || self.line.len() + part.len() > self.max {
            self.over = true;
            self.line.clear();
        } else {
            self.line.extend_from_slice(&part);
        }
    }

    /// The current line; `None` if it is blank.
    fn finish(&mut self) -> Option<Result<String, ApiError>> {
        if std::mem::take(&mut self.over) {
            self.permit = None;
            let message = format!(
                "the line is too long: at most {} bytes are allowed (gateway.body_bytes; objects.url and objects.max_bytes)",
                self.max
            );
            return Some(Err(ApiError::too_large("body", message)));
        }
        let line = self.line.split();
        let Ok(text) = std::str::from_utf8(&line) else {
            return Some(Err(ApiError::bad_request("invalid_utf8", "the line is not UTF-8")));
        };
        (!text.trim().is_empty()).then(|| Ok(text.trim().to_owned()))
    }

    async fn read(&mut self) -> Result<(), ApiError> {
        let silent = || ApiError::too_slow(format!("nothing came for {} s", self.idle.as_secs()));
        let chunk = tokio::time::timeout(self.idle, self.chunks.next()).await.map_err(|_| silent())?;
        match chunk {
            Some(Ok(chunk)) => self.chunk = chunk,
            Some(Err(error)) => return Err(broken(&error)),
            None => self.ended = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(chunks: &[&'static str]) -> Vec<Result<(u64, String), Option<String>>> {
        let chunks: Vec<_> =
            chunks.iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk.as_bytes()))).collect();
        let body = Body::from_stream(futures::stream::iter(chunks));
        let (mut lines, mut found) = (Ndjson::new(body, 8, Duration::from_secs(60)), Vec::new());
        while let Some((number, line)) = lines.next().await.expect("a whole body") {
            found.push(line.map(|line| (number, line)).map_err(|error| error.code_name().map(str::to_owned)));
        }
        found
    }

    #[tokio::test]
    async fn lines_come_whole_and_numbered_however_the_body_is_chunked() {
        let expected = [Ok((1, "one".to_owned())), Ok((3, "two".to_owned())), Ok((4, "three".to_owned()))];
        assert_eq!(all(&["one\n\ntwo\r\nthree"]).await, expected);
        assert_eq!(all(&["o", "ne", "\n", "\ntw", "o\n", "", "three\n"]).await, expected);
        assert_eq!(all(&[]).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_refused_alone() {
        let too_long = Err(Some("payload_too_large".to_owned()));
        let expected = [Ok((1, "a".to_owned())), too_long.clone(), Ok((3, "b".to_owned())), too_long];
        assert_eq!(all(&["a\n123456789\nb\n12345", "6789"]).await, expected);
    }
}
