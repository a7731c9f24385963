//! Reads a request's body within bounds of size and time.

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{encoding::Undecodable, error::ApiError, limits};

/// A share of the memory for large requests.
pub type Permit = OwnedSemaphorePermit;

/// The bounds of bodies, and the memory that large ones share.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// The most bytes of a request: `gateway.body_bytes`. A larger one needs a permit.
    pub small: usize,
    /// The most bytes of a request that submits a job.
    pub largest: usize,
    permits: Arc<Semaphore>,
}

impl Bodies {
    #[must_use]
    pub fn new(small: usize, largest: usize) -> Self {
        Self { small, largest, permits: Arc::new(Semaphore::new(limits::LARGE_BODIES)) }
    }

    /// Waits for a share of the memory for large requests.
    ///
    /// # Errors
    /// 500 when the gateway is gone.
    pub async fn permit(&self) -> Result<Permit, ApiError> {
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| ApiError::internal())
    }

    /// The bytes of a request that submits a job, and the permit of a large one: keep it while they are in memory.
    pub(crate) async fn read_job(&self, request: Request) -> Result<(Vec<u8>, Option<Permit>), ApiError> {
        let (parts, body) = request.into_parts();
        refuse_early(&parts.headers, self.largest)?;
        if self.largest <= self.small {
            return Ok((in_time(limits::BODY_TIME, read(body, self.largest, None)).await?, None));
        }
        let mut permit = None;
        let large = Large { bodies: self, permit: &mut permit };
        let bytes = in_time(limits::LARGE_BODY_TIME, read(body, self.largest, Some(large))).await?;
        Ok((bytes, permit))
    }

    pub(crate) async fn read_small(&self, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, ApiError> {
        refuse_early(headers, self.small)?;
        in_time(limits::BODY_TIME, read(body, self.small, None)).await
    }
}

/// Where a request that grows large puts its permit.
struct Large<'a> {
    bodies: &'a Bodies,
    permit: &'a mut Option<Permit>,
}

/// Refuses a body by its declared length, before the client sends it.
fn refuse_early(headers: &HeaderMap, max: usize) -> Result<(), ApiError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    match headers.contains_key(header::EXPECT) && declared.is_some_and(|bytes| bytes > max) {
        true => Err(too_large(max)),
        false => Ok(()),
    }
}

async fn in_time<T>(limit: Duration, reading: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let late = |_| ApiError::too_slow(format!("the body did not arrive within {} s", limit.as_secs()));
    tokio::time::timeout(limit, reading).await.map_err(late)?
}

async fn read(body: Body, max: usize, mut large: Option<Large<'_>>) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        seen += chunk.len();
        if seen > max.max(limits::BODY_DRAIN_BYTES) {
            break;
        }
        if let Some(large) = large.take_if(|large| seen > large.bodies.small && seen <= max) {
            *large.permit = Some(large.bodies.permit().await?);
        }
        match seen > max {
            true => kept = Vec::new(),
            false => kept.extend_from_slice(&chunk),
        }
    }
    match seen > max {
        true => Err(too_large(max)),
        false => Ok(kept),
    }
}

/// 400 for a body that ends too early, or is not what its coding says.
pub(super) fn broken(error: &axum::Error) -> ApiError {
    match undecodable(error.source()) {
        Some(undecodable) => ApiError::bad_request("invalid_encoding", undecodable.to_string()).param("body"),
        None => ApiError::bad_request("broken_body", "the body broke off before its end: send it again"),
    }
}

/// A body that was wrapped again and again wraps its error too.
fn undecodable<'a>(cause: Option<&'a (dyn Error + 'static)>) -> Option<&'a Undecodable> {
    let cause = cause?;
    cause.downcast_ref().or_else(|| undecodable(cause.source()))
}

fn too_large(max: usize) -> ApiError {
    let message = format!(
        "the body is too large: at most {max} bytes are allowed (gateway.body_bytes; objects.url and objects.max_bytes for jobs)"
    );
    ApiError::too_large("body", message)
}

/// `part` names the body, or a part of it.
pub(crate) fn utf8(part: &str, bytes: Vec<u8>) -> Result<String, ApiError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let hint = looks_like(error.as_bytes()).unwrap_or_default();
        ApiError::invalid(part, format!("the {part} is not UTF-8 (byte {at}){hint}")).code("invalid_utf8")
    })
}

/// What bytes are that are no text, by how they begin.
fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let all: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", ": it looks like gzip; send it with the header `Content-Encoding: gzip`"),
        (b"\x28\xb5\x2f\xfd", ": it looks like zstd; send it with the header `Content-Encoding: zstd`"),
        (
            b"\x78\x9c",
            ": it looks like deflate; send it in gzip or zstd, with the header `Content-Encoding`, or as it is",
        ),
        (b"PK\x03\x04", ": it looks like a ZIP archive; send the text itself"),
        (b"\xff\xfe", ": it looks like UTF-16; send it in UTF-8"),
        (b"\xfe\xff", ": it looks like UTF-16; send it in UTF-8"),
    ];
    all.into_iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, hint)| hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_told_by_how_they_begin() {
        for (bytes, hint) in [
            (&b"\x1f\x8b\x08\0"[..], "it looks like gzip; send it with the header `Content-Encoding: gzip`"),
            (b"\x28\xb5\x2f\xfd\0", "it looks like zstd; send it with the header `Content-Encoding: zstd`"),
            (b"\xff\xfe{\0}\0", "it looks like UTF-16; send it in UTF-8"),
            (b"{\xff}", "the body is not UTF-8 (byte 1)"),
        ] {
            let error = utf8("body", bytes.to_vec()).expect_err(hint);
            assert!(error.message().ends_with(hint), "{error}");
            assert_eq!((error.param_name(), error.code_name()), (Some("body"), Some("invalid_utf8")));
        }
    }
}
