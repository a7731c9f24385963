//! Reads a render as Markdown, as a multipart body, or as a job in JSON; the query's options win.

use axum::extract::Request;
use ruche_schemas::kinds::render::Render;
use serde::Deserialize;

use super::{multipart, query::Asked};
use crate::http::{
    body::{Bodies, Permit, utf8},
    error::ApiError,
    headers::{content_type, media_type},
    json::{JobText, parse},
};

const TYPES: &str = "text/markdown, multipart/form-data or application/json";

#[derive(Debug)]
pub(crate) struct RenderRequest {
    pub(crate) render: Render,
    /// Whether the document is to be stored, if the request says so.
    pub(crate) store: Option<bool>,
    /// Whether the answer is JSON.
    pub(crate) report: bool,
    pub(crate) bytes: usize,
    /// Held while a large request is in memory.
    pub(crate) permit: Option<Permit>,
}

/// Whether a job in JSON asks to store its document.
#[derive(Deserialize)]
struct StoreField {
    store: Option<bool>,
}

impl RenderRequest {
    /// # Errors
    /// 4xx that names what is wrong.
    pub(crate) async fn read(request: Request, bodies: &Bodies, parameters: &[&str]) -> Result<Self, ApiError> {
        let mut asked = Asked::read(request.uri().query(), parameters)?;
        let content_type = content_type(request.headers()).to_owned();
        let mut wanted = match media_type(request.headers()).as_str() {
            "text/markdown" | "text/x-markdown" | "text/plain" => {
                let (bytes, permit) = bodies.read_job(request).await?;
                let length = bytes.len();
                let render = Render { markdown: utf8("body", bytes)?, ..Render::default() };
                Self { render, store: None, report: false, bytes: length, permit }
            }
            "multipart/form-data" => {
                let (bytes, permit) = bodies.read_job(request).await?;
                let length = bytes.len();
                let render = multipart::read(&content_type, bytes).await?;
                Self { render, store: None, report: false, bytes: length, permit }
            }
            "application/json" => {
                let JobText { text, permit } = JobText::read(request, bodies).await?;
                let render = parse(&text)?;
                let store = serde_json::from_str::<StoreField>(&text).ok().and_then(|field| field.store);
                Self { render, store, report: false, bytes: text.len(), permit }
            }
            _ => return Err(ApiError::unsupported(&content_type, TYPES)),
        };
        asked.apply(&mut wanted.render)?;
        (wanted.store, wanted.report) = (asked.store.or(wanted.store), asked.report);
        asked.check(&wanted.render)?;
        Ok(wanted)
    }
}
