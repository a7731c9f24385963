//! Reads a request's body: JSON text of a bounded size within a bounded time, or a refusal that says why not.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header},
};
use futures::StreamExt;
use ruche_schemas::Invalid;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{error::ApiError, limits};
use crate::app::parts::App;

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

/// The text of a request that submits a job: where there is an object store, it may be larger than others.
#[derive(Debug)]
pub struct JobText {
    /// The text.
    pub text: String,
    /// What a large one holds while it is in memory.
    pub room: Option<Room>,
}

/// A share of the memory that large requests have together.
pub type Room = OwnedSemaphorePermit;

impl FromRequest<Arc<App>> for JobText {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        check_content_type(request.headers())?;
        Self::read(request, app).await
    }
}

impl JobText {
    /// The text; nothing at all is an object without fields.
    ///
    /// # Errors
    /// As [`JsonOrNothing`].
    pub async fn or_nothing(request: Request, app: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        let mut read = Self::read(Request::from_parts(parts, body), app).await?;
        match read.text.is_empty() {
            true => read.text = "{}".to_owned(),
            false => check_content_type(&headers)?,
        }
        Ok(read)
    }

    async fn read(request: Request, app: &App) -> Result<Self, ApiError> {
        let (bytes, room) = job_bytes(request, app).await?;
        Ok(Self { text: text(bytes)?, room })
    }
}

/// The bytes of a request that submits a job; what a large one holds while it is in memory.
pub(crate) async fn job_bytes(request: Request, app: &App) -> Result<(Vec<u8>, Option<Room>), ApiError> {
    let (parts, body) = request.into_parts();
    let (small, max) = (app.settings.body_bytes, app.body_bytes());
    refuse_early(&parts.headers, max)?;
    if max <= small {
        return Ok((in_time(limits::BODY_TIME, read(body, max, None)).await?, None));
    }
    let mut room = None;
    let large = Large { over: small, room: &mut room, all: &app.large };
    let bytes = in_time(limits::LARGE_BODY_TIME, read(body, max, Some(large))).await?;
    Ok((bytes, room))
}

/// What a request that grows large takes first.
struct Large<'a> {
    /// From so many bytes on.
    over: usize,
    room: &'a mut Option<Room>,
    all: &'a Arc<Semaphore>,
}

/// Waits for a share of the memory of large requests.
pub(crate) async fn room(all: &Arc<Semaphore>) -> Result<Room, ApiError> {
    Arc::clone(all).acquire_owned().await.map_err(|_| ApiError::internal())
}

async fn read_text(headers: &HeaderMap, body: Body, max: usize) -> Result<String, ApiError> {
    refuse_early(headers, max)?;
    text(in_time(limits::BODY_TIME, read(body, max, None)).await?)
}

/// Refuses what says that it is too large before it is sent.
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

fn text(bytes: Vec<u8>) -> Result<String, ApiError> {
    utf8("body", bytes)
}

/// Text of a request's body, or of a part of it.
pub(crate) fn utf8(part: &str, bytes: Vec<u8>) -> Result<String, ApiError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ApiError::invalid(part, format!("the {part} is not UTF-8 (byte {at})")).code("invalid_utf8")
    })
}

/// JSON text as this type, refused by the field.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    // Which field is wrong is looked for only where one is: it takes as long again.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
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

/// A body's media type without its parameters, in lower case; empty where none is said.
pub(crate) fn essence(headers: &HeaderMap) -> String {
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
    let message = format!(
        "the body is too large: at most {max} bytes are allowed (gateway.body_bytes; objects.url and objects.max_bytes for jobs)"
    );
    ApiError::too_large("body", message)
}

async fn read(body: Body, max: usize, mut large: Option<Large<'_>>) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::new();
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::bad_request("broken_body", format!("the body broke off: {error}")))?;
        seen += chunk.len();
        if seen > max.max(limits::BODY_DRAIN_BYTES) {
            break;
        }
        if let Some(large) = large.take_if(|large| seen > large.over && seen <= max) {
            *large.room = Some(room(large.all).await?);
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
