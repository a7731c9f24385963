//! `Prefer` (RFC 7240): whether the client waits for the answer.

use axum::http::HeaderMap;

use super::{error::ApiError, headers::text_header};

/// How long the client waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// By the size of the request.
    #[default]
    Either,
    /// Not at all: `respond-async`.
    Async,
    /// Until the end, or for some seconds: `wait`, `wait=10`.
    Wait(Option<u64>),
}

impl Prefer {
    /// Unknown preferences are ignored, as the RFC asks.
    ///
    /// # Errors
    /// 400 for a header that is no text, and for a `wait` that is no number.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(text) = text_header(headers, "prefer")? else { return Ok(Self::Either) };
        let mut found = Self::Either;
        for preference in text.split(',') {
            let preference = preference.split(';').next().unwrap_or("").trim();
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => return Ok(Self::Async),
                "wait" if value.is_empty() => found = Self::Wait(None),
                "wait" => {
                    let wrong = || ApiError::invalid("prefer", "Prefer: wait=.. needs a whole number of seconds");
                    found = Self::Wait(Some(value.parse().map_err(|_| wrong())?));
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_read_as_the_rfc_writes_it() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", text.parse().expect("a header"));
            Prefer::read(&headers)
        };
        assert_eq!(Prefer::read(&HeaderMap::new()), Ok(Prefer::Either));
        for (text, expected) in [
            ("respond-async", Prefer::Async),
            ("Respond-Async, wait=10", Prefer::Async),
            ("wait", Prefer::Wait(None)),
            ("handling=lenient, wait = \"10\"; x=y", Prefer::Wait(Some(10))),
            ("return=minimal", Prefer::Either),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        assert!(read("wait=soon").is_err());
    }
}
