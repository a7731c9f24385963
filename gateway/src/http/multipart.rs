//! What all `multipart/form-data` readers share.

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use multer::Multipart;

use super::error::ApiError;

/// # Errors
/// 400 when the content type names no boundary.
pub(crate) fn parts_of(content_type: &str, body: Vec<u8>) -> Result<Multipart<'static>, ApiError> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        let message = "the content type multipart/form-data has no boundary: let your HTTP client set this header";
        ApiError::bad_request("invalid_multipart", message).param("content-type")
    })?;
    Ok(Multipart::new(stream::iter([Ok::<_, Infallible>(Bytes::from(body))]), boundary))
}

/// 400 for a truncated body or a malformed part.
pub(crate) fn broken(error: multer::Error) -> ApiError {
    tracing::debug!(error.message = %error, "a form can't be read");
    let message =
        "the body can't be read as multipart/form-data: it is cut off, or a part's headers or boundary are wrong";
    ApiError::bad_request("invalid_multipart", message).param("body")
}
