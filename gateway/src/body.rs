//! Reads a request's body: JSON text of a bounded size within a bounded time, or a refusal that says why not.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header},
};
use futures::StreamExt;
use ruche_schemas::Invalid;
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
        read_text(&parts.headers, body, app.settings.body_bytes).await.map(Self)
    }
}

/// As [`JsonText`]; nothing at all is an object without fields.
#[derive(Debug)]
pub struct JsonOrNothing(pub String);

impl FromRequest<Arc<App>> for JsonOrNothing {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let text = read_text(&parts.headers, body, app.settings.body_bytes).await?;
        if text.is_empty() {
            return Ok(Self("{}".to_owned()));
        }
        check_content_type(&parts.headers)?;
        Ok(Self(text))
    }
}

async fn read_text(headers: &HeaderMap, body: Body, max: usize) -> Result<String, ApiError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if headers.contains_key(header::EXPECT) && declared.is_some_and(|bytes| bytes > max) {
        return Err(too_large(max));
    }
    let bytes = tokio::time::timeout(limits::BODY_TIME, read(body, max)).await.map_err(|_| {
        ApiError::too_slow(format!("the body did not arrive within {} s", limits::BODY_TIME.as_secs()))
    })??;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ApiError::invalid("body", format!("the body is not UTF-8 (byte {at})")).code("invalid_utf8")
    })
}

/// JSON text as this type, refused by the field.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| Invalid::unreadable(&error))?;
    json.end().map_err(|error| Invalid::new("body", error.to_string()))?;
    Ok(value)
}

/// How many of a list: from 1 to [`limits::PAGE`].
pub(crate) fn page_limit(limit: Option<u64>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(limits::PAGE_DEFAULT);
    match (1..=limits::PAGE).contains(&limit) {
        true => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
        false => {
            let message = format!("limit = {limit} is out of range: from 1 to {} is allowed", limits::PAGE);
            Err(ApiError::invalid("limit", message))
        }
    }
}

/// Whether a body says that it is lines of JSON.
pub(crate) fn is_lines(headers: &HeaderMap) -> bool {
    matches!(essence(headers).as_str(), "application/x-ndjson" | "application/ndjson" | "application/jsonl")
}

/// Whether the answer is wanted as server-sent events.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(','));
    ranges.any(|range| range.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("text/event-stream"))
}

fn essence(headers: &HeaderMap) -> String {
    let found = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    found.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let essence = essence(headers);
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
