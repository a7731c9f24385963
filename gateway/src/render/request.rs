//! Reads what is to be rendered: Markdown as it is, a multipart body, or the job as JSON; the query's options count more.

use std::sync::Arc;

use axum::{
    extract::{FromRequest as _, Request},
    http::{HeaderMap, header},
};
use ruche_schemas::kinds::{Job as _, render::Render};
use serde::Deserialize;

use super::{multipart, query::Asked};
use crate::{
    app::parts::App,
    http::{
        body::{self, JobText, Room, text_header},
        error::ApiError,
    },
};

const TYPES: &str = "text/markdown, multipart/form-data or application/json";

/// What is to be rendered, and how it is answered.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The job, checked.
    pub(crate) render: Render,
    /// Whether the document is to be stored, where that is said.
    pub(crate) store: Option<bool>,
    /// Whether it is wanted within JSON.
    pub(crate) report: bool,
    /// How large the request was, in bytes.
    pub(crate) bytes: usize,
    /// What a large request holds while it is in memory.
    pub(crate) room: Option<Room>,
}

/// How long the client waits, by its header `Prefer` (RFC 7240).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// As long as the size of the request suggests.
    #[default]
    Either,
    /// Not at all: `respond-async`.
    Async,
    /// Until it is there, or for so many seconds: `wait`, `wait=10`.
    Wait(Option<u64>),
}

impl Prefer {
    /// Reads the header; what is unknown in it is passed over, as the RFC asks for.
    ///
    /// # Errors
    /// 400 where it is not text, or waits for something that is no number.
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

/// Whether a job in JSON says that its document is to be stored.
#[derive(Deserialize)]
struct Said {
    store: Option<bool>,
}

impl Wanted {
    /// Reads a request with a body.
    ///
    /// # Errors
    /// 4xx that names what is wrong.
    pub(crate) async fn read(request: Request, app: &Arc<App>, parameters: &[&str]) -> Result<Self, ApiError> {
        let mut asked = Asked::read(request.uri().query(), parameters)?;
        let content_type =
            request.headers().get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
        let content_type = content_type.to_owned();
        let mut wanted = match body::essence(request.headers()).as_str() {
            "text/markdown" | "text/x-markdown" | "text/plain" => {
                let (bytes, room) = body::job_bytes(request, app).await?;
                let length = bytes.len();
                let render = Render { markdown: body::utf8("body", bytes)?, ..Render::default() };
                Self { render, store: None, report: false, bytes: length, room }
            }
            "multipart/form-data" => {
                let (bytes, room) = body::job_bytes(request, app).await?;
                let length = bytes.len();
                let render = multipart::read(&content_type, bytes).await?;
                Self { render, store: None, report: false, bytes: length, room }
            }
            "application/json" => {
                let JobText { text, room } = JobText::from_request(request, app).await?;
                let render = body::parse(&text)?;
                let store = serde_json::from_str::<Said>(&text).ok().and_then(|said| said.store);
                Self { render, store, report: false, bytes: text.len(), room }
            }
            _ => return Err(ApiError::unsupported(&content_type, TYPES)),
        };
        asked.apply(&mut wanted.render)?;
        (wanted.store, wanted.report) = (asked.store.or(wanted.store), asked.report);
        if wanted.render.markdown.is_empty() && wanted.render.data.is_empty() {
            let message = "there is nothing to render: send Markdown (as text/markdown, the part `markdown` or the field \
                           `markdown`), or `data` for a template";
            return Err(ApiError::invalid("markdown", message));
        }
        wanted.render.check()?;
        Ok(wanted)
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
