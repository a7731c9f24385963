//! `POST /v1/documents`: adds a document to a collection.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use ruche_schemas::kinds::embed::Indexed;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    documents::{
        request::NewDocument,
        service::{Added, Documents},
    },
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        file::FileBytes,
        headers::text_header,
        prefer::Prefer,
    },
    jobs::{accepted::AcceptedJob, submission::Accepted},
};

/// Properties of a document, which override those in the body; and how it is handled, where both must say the same.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by `documents::request`, which names what is wrong; this is its description")]
pub(crate) struct AddQuery {
    /// The collection. It is created if it does not exist.
    #[param(example = "handbook")]
    collection: Option<String>,
    /// The document's name at its origin, such as a path or a URL. The same source again replaces the document.
    #[param(example = "bees/hives.md")]
    source: Option<String>,
    /// `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`. Default: from the content type.
    format: Option<String>,
    /// The character encoding of a text, such as `iso-8859-1`. Default: from the content type, else from the page, else
    /// detected.
    charset: Option<String>,
    /// Its title. Default: the title in its front matter, HTML or PDF, else its first heading.
    title: Option<String>,
    /// The URL where people read the document. Default: none.
    url: Option<String>,
    /// Its language, by name or code: `french`, `fr`. Default: the collection's; `auto` detects it.
    language: Option<String>,
    /// Metadata to filter by: a JSON object of at most 16 KiB. Default: none.
    metadata: Option<String>,
    /// When it was published, to filter by: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Default:
    /// none.
    published_at: Option<String>,
    /// The most tokens of a chunk, at most the model's context. Default: the worker's setting.
    #[param(minimum = 16, maximum = 8192)]
    chunk_tokens: Option<u32>,
    /// The overlap: how many tokens of a chunk repeat the end of the previous chunk, at most half of a chunk. Default:
    /// the worker's setting.
    #[param(maximum = 4096)]
    chunk_overlap: Option<u32>,
    /// The embedding model, by its name or an alias. Default: the collection's, else the worker's.
    model: Option<String>,
    /// The queue: `normal` (the default) or `bulk`, to which other jobs are preferred.
    lane: Option<String>,
    /// Whether to respond when the document is indexed, instead of when its job is accepted. Default: false.
    wait: Option<bool>,
}

/// A document as `multipart/form-data`. Its other parts have the names of the query parameters.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "read by `documents::multipart`, which names what is wrong; this is its description")]
pub struct DocumentForm {
    /// The document, with a file name. The name's extension gives the format. Without `source`, the file name is the
    /// source.
    file: FileBytes,
    /// The collection. It is created if it does not exist.
    collection: String,
    /// The document's name at its origin, such as a path or a URL. Default: the file's name.
    source: Option<String>,
    /// Metadata to filter by: a JSON object of at most 16 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<String>,
}

/// A document that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedDocument {
    /// The document's id. The same source keeps its id.
    pub document: Uuid,
    /// The job that embeds it.
    pub job: AcceptedJob,
    /// The path of the job.
    pub status: String,
}

/// Add a document
///
/// The document is split into chunks, which are embedded. They can be searched once the job is done, all at once, in
/// place of the earlier chunks of this source. Only changed chunks are embedded again. At most 10 MiB: a text in any
/// encoding, a PDF with text, or a DOCX. `format` in the query overrides the content type. 202 means that NATS has
/// stored the job; with `wait=true` (or `Prefer: wait`) the response has the outcome. A document that was sent or
/// deleted later is never overwritten; the outcome is then `superseded`. To add many documents, send one stream to
/// `POST /v1/jobs`, each document as a job of kind `embed`.
#[utoipa::path(
    post, path = "/v1/documents", tag = "search", security(("bearer" = [])),
    params(
        AddQuery,
        ("Prefer" = Option<String>, Header, description = "`wait`, `wait=10` or `respond-async` (RFC 7240)"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key gets the same job"),
    ),
    request_body(content(
        (ref("#/components/schemas/NewDocument") = "application/json", example = json!({
            "collection": "handbook", "source": "bees/hives.md", "text": "# Hives\n\nThey are of wood.", "language": "en",
            "url": "https://example.org/hives", "metadata": { "team": "east" }
        })),
        (DocumentForm = "multipart/form-data"),
        (String = "text/markdown"), (String = "text/html"), (String = "text/plain"), (String = "text/csv"),
        (String = "text/tab-separated-values"), (FileBytes = "application/pdf"),
        (FileBytes = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (FileBytes = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "The document is indexed and can be found", body = ref("#/components/schemas/Indexed")),
        (status = 202, description = "Accepted", body = AcceptedDocument, headers(("Location" = String, description = "The path of the job"))),
        (status = 400, description = "The request is not valid: `param` names the field", body = ErrorBody),
        (status = 404, description = "No embed worker has the model, or it is a bot: `model_not_found`", body = ErrorBody),
        (status = 413, description = "The request is too large", body = ErrorBody),
        (status = 415, description = "The content type is not supported, and `format` is missing", body = ErrorBody),
        (status = 422, description = "The document can't be read: `unreadable_document` (broken, encrypted, or without text), \
            `too_complex`", body = ErrorBody),
        (status = 429, description = "A limit of the tenant is reached", body = ErrorBody),
        (status = "5XX", description = "Temporarily unavailable: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn add_document(
    State(documents): State<Arc<Documents>>,
    bodies: Bodies,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let prefer = Prefer::read(request.headers())?;
    let key = text_header(request.headers(), "idempotency-key")?.map(str::to_owned);
    let new = Box::pin(NewDocument::read(request, &bodies)).await?;
    let seconds = match (prefer, new.handling.wait) {
        (Prefer::Wait(seconds), None) => Some(seconds.unwrap_or(u64::MAX)),
        (_, Some(true)) => Some(u64::MAX),
        (Prefer::Either | Prefer::Async, _) | (Prefer::Wait(_), Some(false)) => None,
    };
    let document = new.document.id(&caller.tenant);
    match Box::pin(documents.add(&caller.tenant, new, key.as_deref(), seconds)).await? {
        Added::Indexed(job, indexed) => Ok(finished(&job.to_string(), &indexed)),
        Added::Accepted(accepted) => Ok(answer(document, *accepted)),
    }
}

fn finished(job: &str, indexed: &Indexed) -> Response {
    ([("ruche-job", job.to_owned())], Json(indexed)).into_response()
}

fn answer(document: Uuid, accepted: Accepted) -> Response {
    let status = format!("/v1/jobs/{}", accepted.job.id);
    let body = AcceptedDocument { document, job: AcceptedJob::from(accepted), status: status.clone() };
    (StatusCode::ACCEPTED, [(header::LOCATION, status)], Json(body)).into_response()
}
