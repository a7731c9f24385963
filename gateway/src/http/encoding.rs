//! Bodies in gzip and zstd (RFC 9110, "Content Codings"; RFC 9659). The bounds of bodies hold for what comes out.

use std::io;

use async_compression::{
    tokio::bufread::{GzipDecoder, ZstdDecoder},
    zstd::DParameter,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use super::{error::ApiError, limits, text::shown};

/// The body is not what its coding says.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "the header Content-Encoding says {0}, but the body is not {0}{1}, or it is cut off: send it whole, or without the header if it \
         is not compressed"
)]
pub(super) struct Undecodable(&'static str, &'static str);

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Zstd,
}

/// Decodes a request's body while it is read.
pub async fn decode(request: Request, next: Next) -> Response {
    match decoded(request) {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn decoded(request: Request) -> Result<Request, ApiError> {
    let Some(coding) = coding(request.headers())? else { return Ok(request) };
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    let encoded = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    let body = match coding {
        Coding::Gzip => {
            let mut decoder = GzipDecoder::new(encoded);
            decoder.multiple_members(true);
            plain(decoder, Undecodable("gzip", ""))
        }
        Coding::Zstd => {
            let window = DParameter::window_log_max(limits::ZSTD_WINDOW_LOG);
            let mut decoder = ZstdDecoder::with_params(encoded, &[window]);
            decoder.multiple_members(true);
            plain(decoder, Undecodable("zstd", " with a window of at most 8 MiB"))
        }
    };
    Ok(Request::from_parts(parts, body))
}

fn plain(decoder: impl AsyncRead + Send + 'static, error: Undecodable) -> Body {
    let chunks = ReaderStream::new(decoder).map_err(move |_| error);
    // A few bytes can decode to gigabytes without ever waiting for the client: other requests need their turn.
    Body::from_stream(chunks.then(|chunk| async {
        tokio::task::coop::consume_budget().await;
        chunk
    }))
}

fn coding(headers: &HeaderMap) -> Result<Option<Coding>, ApiError> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let names: Vec<String> =
        values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !matches!(*name, "" | "identity")).collect();
    match names.as_slice() {
        [] => Ok(None),
        ["gzip" | "x-gzip"] => Ok(Some(Coding::Gzip)),
        ["zstd"] => Ok(Some(Coding::Zstd)),
        others => {
            let message = format!(
                "the content encoding is {:?}: send the body in gzip or zstd, or as it is",
                shown(&others.join(", "))
            );
            Err(ApiError::unsupported_encoding(message))
        }
    }
}
