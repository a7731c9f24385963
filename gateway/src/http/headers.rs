//! The headers of a request: its content type, and the form of the answer.

use axum::http::{HeaderMap, header};

use super::error::ApiError;

/// # Errors
/// 400 unless it is visible ASCII.
pub(crate) fn text_header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| ApiError::invalid(name, format!("the header {name} is not visible ASCII")))
}

/// The whole `Content-Type`; empty without one, `?` if it is no text.
pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"))
}

/// Without parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    content_type(headers).split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The parameter `charset` of a content type.
pub(crate) fn charset(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let value = value.trim().trim_matches('"').trim();
    (!value.is_empty()).then(|| value.to_owned())
}

pub(crate) fn is_ndjson(headers: &HeaderMap) -> bool {
    matches!(media_type(headers).as_str(), "application/x-ndjson" | "application/ndjson" | "application/jsonl")
}

/// Whether the client accepts server-sent events.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    accepts(headers, "text/event-stream")
}

/// Whether the client names this media type in `Accept`; `*/*` names none.
pub(super) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(','));
    ranges.any(|range| range.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(media_type))
}

/// # Errors
/// 415 unless the body is declared as JSON.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media_type = media_type(headers);
    match media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    {
        true => Ok(()),
        false => Err(ApiError::unsupported_media_type(content_type(headers))),
    }
}
