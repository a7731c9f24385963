//! `/v1/templates/{name}/preview`: a page of a template as a picture.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use ruche_schemas::kinds::{
    Job as _,
    render::{Format, Render, Template},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::render::RenderForm;
use crate::{
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        file::FileBytes,
        params::Path,
        prefer::Prefer,
    },
    jobs::accepted::AcceptedJob,
    render::{
        answerer::Answerer,
        query::{Asked, PREVIEW},
        request::RenderRequest,
        templates::SAMPLE,
    },
};

/// The default pixels per inch: a page fits a screen.
const PPI: u16 = 72;

/// Which page of which version, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by `render::query`, which names what is wrong; this is its description")]
pub(crate) struct PreviewQuery {
    /// The version of the template. Default: the last.
    version: Option<u32>,
    /// The page, from 1. Default: 1.
    page: Option<u32>,
    /// Pixels per inch: 24 to 600. Default: 72.
    ppi: Option<u16>,
    /// The language, as a BCP 47 tag such as `fr` or `pt-BR`: labels, hyphenation, quotes. Default: the document's or the
    /// template's.
    lang: Option<String>,
    /// The title: at most 1,000 bytes. Default: the document's.
    title: Option<String>,
    /// A table of contents, to this level of heading, 0 (none) to 6. Default: the document's or the template's.
    toc: Option<u8>,
    /// Whether headings are numbered. Default: the document's or the template's.
    numbering: Option<bool>,
    /// The document's date. Default: that of its front matter, else today, in UTC.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<String>,
}

/// Preview a template
///
/// Returns a page of a sample document with every element.
#[utoipa::path(get, path = "/v1/templates/{name}/preview", tag = "render", security(("bearer" = [])),
    params(("name" = String, Path, description = "The template's name"), PreviewQuery),
    responses(
        (status = 200, description = "The page", content((FileBytes = "image/png"))),
        (status = 202, description = "The job takes longer: it continues in the background", body = AcceptedJob),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = "5XX", description = "The request failed on the server or timed out: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn preview_sample(
    State(answerer): State<Arc<Answerer>>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let mut render = Render { markdown: SAMPLE.to_owned(), ..Render::default() };
    let mut asked = Asked::read(request.uri().query(), PREVIEW)?;
    asked.apply(&mut render)?;
    asked.check(&render)?;
    let request = RenderRequest { render, store: None, report: false, bytes: 0, permit: None };
    picture(&answerer, &caller, name, request).await
}

/// Preview a template with a document
///
/// Returns a page of this document. The body is that of `POST /v1/render`; a template in the body is ignored.
#[utoipa::path(post, path = "/v1/templates/{name}/preview", tag = "render", security(("bearer" = [])),
    params(("name" = String, Path, description = "The template's name"), PreviewQuery),
    request_body(content(
        (String = "text/markdown", example = "# Hello"),
        (RenderForm = "multipart/form-data"),
        (ref("#/components/schemas/Render") = "application/json"),
    )),
    responses(
        (status = 200, description = "The page", content((FileBytes = "image/png"))),
        (status = 202, description = "The job takes longer: it continues in the background", body = AcceptedJob),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = "5XX", description = "The request failed on the server or timed out: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn preview_document(
    State(answerer): State<Arc<Answerer>>,
    bodies: Bodies,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let request = Box::pin(RenderRequest::read(request, &bodies, PREVIEW)).await?;
    picture(&answerer, &caller, name, request).await
}

async fn picture(
    answerer: &Answerer,
    caller: &Caller,
    name: String,
    mut request: RenderRequest,
) -> Result<Response, ApiError> {
    let render = &mut request.render;
    render.template = Template { name, version: render.template.version, package: None };
    render.options.format = Format::Png;
    render.options.standards.clear();
    render.options.ppi = Some(render.options.ppi.unwrap_or(PPI));
    render.check()?;
    answerer.respond(&caller.tenant, request, Prefer::Wait(None), None).await
}
