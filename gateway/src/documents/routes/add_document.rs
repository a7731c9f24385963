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

/// What is to be known of a document; it counts more than what the body says.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by `documents::request`, which names what is wrong; this is its description")]
pub(crate) struct AddQuery {
    /// Where it is kept; it is made if there is none of this name.
    #[param(example = "handbook")]
    collection: Option<String>,
    /// What it is called where it comes from, such as a path or a URL. The same one again replaces it.
    #[param(example = "bees/hives.md")]
    source: Option<String>,
    /// `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`; by default what the content type says.
    format: Option<String>,
    /// The character encoding of a text, such as `iso-8859-1`; by default what the content type says, else what the page
    /// declares, else what is detected.
    charset: Option<String>,
    /// Its title.
    title: Option<String>,
    /// Where a reader finds it.
    url: Option<String>,
    /// Its language, by name or code: `french`, `fr`. Without it, the collection's; `auto` detects it.
    language: Option<String>,
    /// What else is to be known of it: a JSON object.
    metadata: Option<String>,
    /// When it was published: a date, or a time (RFC 3339).
    published_at: Option<String>,
    /// The most tokens of a chunk.
    chunk_tokens: Option<u32>,
    /// How many tokens of a chunk repeat the end of the one before.
    chunk_overlap: Option<u32>,
    /// The model that is to embed it; by default that of the worker.
    model: Option<String>,
    /// `normal` (the default) or `bulk`.
    lane: Option<String>,
    /// Whether to answer when the document can be found, and not when its job is accepted.
    wait: Option<bool>,
}

/// A document as `multipart/form-data`. Its other parts are called as the query's parameters.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "read by `documents::multipart`, which names what is wrong; this is its description")]
pub struct DocumentForm {
    /// The document, with a file name: what it is shows by its ending, and it is the source where none is said.
    file: FileBytes,
    /// Where it is kept.
    collection: String,
    /// What it is called where it comes from.
    source: Option<String>,
    /// What else is to be known of it, as JSON.
    #[schema(value_type = Option<Object>)]
    metadata: Option<String>,
}

/// A document that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedDocument {
    /// The id that it has: the same whenever this source comes again.
    pub document: Uuid,
    /// The job that embeds it.
    pub job: AcceptedJob,
    /// Where the job's state is.
    pub status: String,
}

/// Add a document
///
/// It is split into chunks, which are embedded and can be searched in once its job is done: all at once, in place of those
/// that this source had before. Only chunks that have changed are embedded again. At most 10 MiB: a text in any encoding, a
/// PDF that has text in it, or a DOCX. With `format` in the query, the content type does not matter. 202 means that the bus
/// holds the job; with `wait=true` (or `Prefer: wait`) the answer is what became of it. A document that was sent later, or
/// deleted later, is never overwritten: `superseded` tells that. Many documents are best sent as one stream to
/// `POST /v1/jobs`, each as a job of the kind `embed`.
#[utoipa::path(
    post, path = "/v1/documents", tag = "search", security(("bearer" = [])),
    params(
        AddQuery,
        ("Prefer" = Option<String>, Header, description = "`wait`, `wait=10` or `respond-async` (RFC 7240)"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job, whenever it comes again"),
    ),
    request_body(content(
        (ref("#/components/schemas/Document") = "application/json", example = json!({
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
        (status = 200, description = "It can be found", body = ref("#/components/schemas/Indexed")),
        (status = 202, description = "Accepted", body = AcceptedDocument, headers(("Location" = String, description = "Where its job's state is"))),
        (status = 400, description = "The request is wrong: `param` names what", body = ErrorBody),
        (status = 404, description = "There is no such model: `model_not_found`", body = ErrorBody),
        (status = 413, description = "The request is too large", body = ErrorBody),
        (status = 415, description = "The content type is none of these, and there is no `format`", body = ErrorBody),
        (status = 422, description = "It can't be read: `unreadable_document` (broken, encrypted, or without text), \
            `too_complex`", body = ErrorBody),
        (status = 429, description = "A cap of the tenant is reached", body = ErrorBody),
        (status = "5XX", description = "Not now: see `code`", body = ErrorBody),
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
    let seconds = match (prefer, new.wait) {
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
