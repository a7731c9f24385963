//! `POST /v1/render`: Markdown in, a document out.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        file::FileBytes,
        headers::text_header,
        prefer::Prefer,
    },
    jobs::accepted::AcceptedJob,
    render::{answer::RenderReport, answerer::Answerer, query::RENDER, request::RenderRequest},
};

/// The options of a document; they count more than those of the body.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by `render::query`, which names what is wrong; this is its description")]
pub(crate) struct RenderQuery {
    /// `plain` (the default), `report`, `letter`, `invoice`, `conversation`, or one of `GET /v1/templates`.
    #[param(example = "report")]
    template: Option<String>,
    /// The version of the template. Default: the last.
    version: Option<u32>,
    /// A style sheet: the documented subset of CSS, at most 512 KiB. Default: none.
    #[param(example = "h1 { color: navy }")]
    css: Option<String>,
    /// The language, as a BCP 47 tag such as `fr` or `pt-BR`: labels, hyphenation, quotes. Default: that of the front
    /// matter, else of the template.
    #[param(example = "fr")]
    lang: Option<String>,
    /// The title, for the document's metadata, the template and the file's name: at most 1,000 bytes. Default: that of
    /// the front matter, else the first heading.
    title: Option<String>,
    /// The table of contents: to this level of heading, 0 (none) to 6. Default: that of the front matter, else of the
    /// template.
    toc: Option<u8>,
    /// Whether headings are numbered. Default: that of the front matter, else of the template.
    numbering: Option<bool>,
    /// Standards of the PDF, separated by commas: `1.7`, `2.0`, `a-2b`, `a-3b`, `ua-1`. Default: `1.7`.
    #[param(example = "a-2b,ua-1")]
    standards: Option<String>,
    /// The document's date. The same input with the same date gives the same bytes. Default: that of
    /// the front matter, else the day on which the job was accepted, in UTC.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<String>,
    /// `pdf` (the default) or `png`: a picture of one page.
    format: Option<String>,
    /// The page of the picture, from 1. Default: 1.
    page: Option<u32>,
    /// Pixels per inch of a picture: 24 to 600. Default: 96.
    ppi: Option<u16>,
    /// Whether pictures on the web are fetched. Default: true.
    fetch: Option<bool>,
    /// `true`: the document is stored, at `/v1/renders/{id}`; `false`: it is only in the job's result. Default: it is
    /// stored only if it is large, or if the response is a job id.
    store: Option<bool>,
    /// `header` (the default): the response is the document, with its warnings in a header; `json`: document and
    /// warnings as JSON.
    report: Option<String>,
}

/// A render job as `multipart/form-data`.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "read by `render::multipart`, which names what is wrong; this is its description")]
pub struct RenderForm {
    /// The Markdown.
    markdown: String,
    /// Style sheets; several are joined in their order.
    css: Option<Vec<String>>,
    /// A template's name.
    template: Option<String>,
    /// In place of the template of that name: a Typst package (a gzipped tar), for this document only.
    package: Option<FileBytes>,
    /// Variables for the template, as JSON.
    #[schema(value_type = Option<Object>)]
    data: Option<String>,
    /// The schema `Options`, as JSON.
    #[schema(value_type = Option<Object>)]
    options: Option<String>,
    /// Images, fonts and attachments. Text, CSS and template refer to each by its file name.
    files: Option<Vec<FileBytes>>,
}

/// Render Markdown
///
/// Returns the document: a PDF, or a picture of a page. Warnings about input that had no effect are in the header
/// `ruche-warnings`: JSON in ASCII, `{"count", "first": [{"source", "line", "message"}]}`, with as many as 4 KiB hold;
/// `report=json` has all of them. A large request (`gateway.render_wait_bytes`), or one with `Prefer: respond-async`,
/// returns a job id; the document is at `/v1/renders/{id}/file` once the job is done. `Prefer: wait` waits in any case,
/// `Prefer: wait=10` for ten seconds.
#[utoipa::path(
    post, path = "/v1/render", tag = "render", security(("bearer" = [])),
    params(
        RenderQuery,
        ("Prefer" = Option<String>, Header, description = "`wait`, `wait=10` or `respond-async` (RFC 7240)"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key gets the same job"),
    ),
    request_body(content(
        (String = "text/markdown", example = "# Hello\n\nThis is **Markdown**."),
        (RenderForm = "multipart/form-data"),
        (ref("#/components/schemas/Render") = "application/json",
            example = json!({ "markdown": "# Hello", "template": { "name": "report" }, "options": { "toc": 2 } })),
    )),
    responses(
        (status = 200, description = "The document", content(
            (FileBytes = "application/pdf"), (FileBytes = "image/png"), (RenderReport = "application/json")),
            headers(
                ("ruche-job" = String, description = "The job's id"),
                ("ruche-pages" = u32, description = "The number of pages"),
                ("ruche-warnings" = String, description = "Parts of the input that had no effect, as JSON"),
                ("ruche-document" = String, description = "The path of the stored document; missing if it is not stored"),
                ("content-disposition" = String, description = "`inline`, with a file name made of the title"),
            )),
        (status = 202, description = "Accepted", body = AcceptedJob, headers(("Location" = String, description = "The path of the job"))),
        (status = 400, description = "The request is not valid: `param` names the field", body = ErrorBody),
        (status = 404, description = "The template is not found in this tenant: `template_not_found`", body = ErrorBody),
        (status = 413, description = "The request is too large", body = ErrorBody),
        (status = 415, description = "The content type is not supported", body = ErrorBody),
        (status = 422, description = "The document can't be rendered: `template_error` (with file and line), `standard_not_met`, \
            `too_complex`, `document_too_large`", body = ErrorBody),
        (status = 429, description = "A limit of the tenant is reached", body = ErrorBody),
        (status = "5XX", description = "The request failed on the server or timed out: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn render(
    State(answerer): State<Arc<Answerer>>,
    bodies: Bodies,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    let prefer = Prefer::read(headers)?;
    let key = text_header(headers, "idempotency-key")?.map(str::to_owned);
    let request = Box::pin(RenderRequest::read(request, &bodies, RENDER)).await?;
    answerer.respond(&caller.tenant, request, prefer, key.as_deref()).await
}
