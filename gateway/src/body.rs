//! Reads a request's body: JSON text of a bounded size within a bounded time, or a refusal that says why not.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header},
};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::{App, error::ApiError, limits};

/// A body that says it is JSON and is UTF-8. Whether it is JSON shows when it is parsed.
#[derive(Debug)]
pub struct JsonText(pub String);

impl FromRequest<Arc<App>> for JsonText {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_content_type(&parts.headers)?;
        let max = app.settings.body_bytes;
        let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if parts.headers.contains_key(header::EXPECT) && declared.is_some_and(|bytes| bytes > max) {
            return Err(too_large(max));
        }
        let bytes = tokio::time::timeout(limits::BODY_TIME, read(body, max)).await.map_err(|_| {
            ApiError::too_slow(format!("the body did not arrive within {} s", limits::BODY_TIME.as_secs()))
        })??;
        String::from_utf8(bytes).map(Self).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            ApiError::invalid("body", format!("the body is not UTF-8 (byte {at})")).code("invalid_utf8")
        })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let essence = found.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        true => Ok(()),
        false => Err(ApiError::unsupported_media_type(found)),
    }
}

fn too_large(max: usize) -> ApiError {
    ApiError::too_large("body", format!("the body is too large: at most {max} bytes are allowed (gateway.body_bytes)"))
}

async fn read(body: Body, max: usize) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::bad_request("broken_body", format!("the body broke off: {error}")))?;
        seen += chunk.len();
        if seen > limits::BODY_DRAIN_BYTES {
            break;
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

/// Path parameters, refused in our shape.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// Query parameters, refused in our shape.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(axum::extract::Query::try_from_uri(&parts.uri)?.0))
    }
}

/// A header as text; one that is not visible ASCII is refused.
pub(crate) fn text_header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| ApiError::invalid(name, format!("the header {name} is not visible ASCII")))
}
