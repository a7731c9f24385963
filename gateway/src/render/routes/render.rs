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
    /// Which version of the template; without it, the last.
    version: Option<u32>,
    /// A style sheet.
    #[param(example = "h1 { color: navy }")]
    css: Option<String>,
    /// BCP 47: labels, hyphenation, quotes.
    #[param(example = "fr")]
    lang: Option<String>,
    /// The title, for the document's metadata, the template and the file's name.
    title: Option<String>,
    /// A table of contents, to this level of heading: 0 (none) to 6.
    toc: Option<u8>,
    /// Whether headings are numbered.
    numbering: Option<bool>,
    /// What the PDF keeps to, with commas between: `1.7`, `2.0`, `a-2b`, `a-3b`, `ua-1`.
    #[param(example = "a-2b,ua-1")]
    standards: Option<String>,
    /// The document's date. The same input with the same date is the same bytes.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<String>,
    /// `pdf` (the default) or `png`: a picture of one page.
    format: Option<String>,
    /// Which page is pictured, from 1.
    page: Option<u32>,
    /// Pixels per inch of a picture: 24 to 600. Default 96.
    ppi: Option<u16>,
    /// Whether pictures on the web are fetched. Default true.
    fetch: Option<bool>,
    /// `true`: the document is kept, at `/v1/renders/{id}`; `false`: it is in its job's result at most. Without it, a
    /// document is kept only where it has to be: it is large, or nobody waits for it.
    store: Option<bool>,
    /// `header` (the default): the answer is the document, its warnings in a header; `json`: all of it as JSON.
    report: Option<String>,
}

/// A render job as `multipart/form-data`.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "read by `render::multipart`, which names what is wrong; this is its description")]
pub struct RenderForm {
    /// The Markdown.
    markdown: String,
    /// Style sheets; several are one after the other.
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
    /// Pictures, fonts and attachments, each with a file name: by it, text, CSS and template call it.
    files: Option<Vec<FileBytes>>,
}

/// Render Markdown
///
/// Answers the document: PDF, or a picture of a page. Its warnings (what of the input had no effect) are in `ruche-warnings`:
/// JSON in ASCII, `{"count", "first": [{"source", "line", "message"}]}`, with as many as 4 KiB hold; `report=json` has all
/// of them. A large request (`gateway.render_wait_bytes`) is answered with a job's id, as is one with `Prefer:
/// respond-async`: its document is at `/v1/renders/{id}/file` once the job is done. `Prefer: wait` waits in any case,
/// `Prefer: wait=10` for ten seconds.
#[utoipa::path(
    post, path = "/v1/render", tag = "render", security(("bearer" = [])),
    params(
        RenderQuery,
        ("Prefer" = Option<String>, Header, description = "`wait`, `wait=10` or `respond-async` (RFC 7240)"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job, whenever it comes again"),
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
                ("ruche-job" = String, description = "Its job's id"),
                ("ruche-pages" = u32, description = "How many pages it has"),
                ("ruche-warnings" = String, description = "What of the input had no effect: see above"),
                ("ruche-document" = String, description = "Where it is stored, if it is"),
                ("content-disposition" = String, description = "`inline`, with a file name made of the title"),
            )),
        (status = 202, description = "Accepted", body = AcceptedJob, headers(("Location" = String, description = "Where its state is"))),
        (status = 400, description = "The request is wrong: `param` names what", body = ErrorBody),
        (status = 404, description = "There is no such template: `template_not_found`", body = ErrorBody),
        (status = 413, description = "The request is too large", body = ErrorBody),
        (status = 415, description = "The content type is none of these", body = ErrorBody),
        (status = 422, description = "It can't be typeset: `template_error` (with file and line), `standard_not_met`, \
            `too_complex`, `document_too_large`", body = ErrorBody),
        (status = 429, description = "A cap of the tenant is reached", body = ErrorBody),
        (status = "5XX", description = "Not now, or not any more: see `code`", body = ErrorBody),
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
