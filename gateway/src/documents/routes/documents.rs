//! `/v1/documents`: indexed documents: list, get, delete.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ruche_store::documents::{ChunkCount, DocumentChunk, IndexedDocument};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    documents::index::Index,
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::{Path, Query, cut, page_limit},
    },
};

/// Conditions that the documents must meet.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentsQuery {
    /// Only documents of this collection. Default: all collections.
    collection: Option<String>,
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<Uuid>,
}

/// Which chunks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChunksQuery {
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<u64>,
}

/// A page of documents, by collection and source.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentList {
    /// `list`.
    pub object: &'static str,
    /// The documents.
    pub data: Vec<DocumentView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<Uuid>,
}

/// A document in a collection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "6f0c3c1a-5a57-8d0b-9e0e-7d1c2f5a7b11", "object": "document", "collection": "handbook", "source": "bees/hives.md",
    "title": "Hives", "url": "https://example.org/hives", "language": "english", "metadata": { "team": "east" },
    "format": "markdown", "bytes": 4711, "job": "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e",
    "accepted_at": "2026-11-27T12:00:00Z", "updated_at": "2026-11-27T12:00:01Z",
    "models": [{ "model": "multilingual-e5-small", "chunks": 12, "tokens": 2345 }]
}))]
pub struct DocumentView {
    /// Its id.
    pub id: Uuid,
    /// `document`.
    pub object: &'static str,
    /// Its collection.
    pub collection: String,
    /// The document's name at its origin.
    pub source: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The URL where people read the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its language, used for stemming; `simple` (no stemming) if it can't be detected.
    pub language: String,
    /// Its metadata.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
    /// `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`.
    pub format: String,
    /// The length of its text as Markdown, in bytes.
    pub bytes: u64,
    /// The job that wrote it.
    pub job: Uuid,
    /// The time at which that job was accepted.
    pub accepted_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
    /// Its chunks and tokens per embedding model. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelChunks>>,
}

/// The chunks of a document for one embedding model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelChunks {
    /// The model.
    pub model: String,
    /// How many chunks.
    pub chunks: u64,
    /// How many tokens they have together.
    pub tokens: u64,
}

/// A page of chunks, in the document's order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkList {
    /// `list`.
    pub object: &'static str,
    /// The chunks.
    pub data: Vec<ChunkView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<u64>,
}

/// A chunk of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkView {
    /// Its id.
    pub id: i64,
    /// `chunk`.
    pub object: &'static str,
    /// Its place in the document, from 0.
    pub position: u32,
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    /// Its text.
    pub text: String,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// The model that embedded it.
    pub model: String,
}

/// List documents
///
/// Returns a page of documents, sorted by collection and source.
#[utoipa::path(get, path = "/v1/documents", tag = "search", security(("bearer" = [])), params(DocumentsQuery),
    responses(
        (status = 200, description = "A page of the list", body = DocumentList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn list_documents(
    State(index): State<Index>,
    caller: Caller,
    Query(DocumentsQuery { collection, limit, after }): Query<DocumentsQuery>,
) -> Result<Json<DocumentList>, ApiError> {
    let asked = page_limit(limit)?;
    let mut page = index.page(&caller.tenant, collection.as_deref(), asked as u64 + 1, after).await?;
    let has_more = cut(&mut page, asked);
    let next = page.last().map(|document| document.id).filter(|_| has_more);
    let data = page.into_iter().map(|document| view(document, None)).collect();
    Ok(Json(DocumentList { object: "list", data, has_more, next }))
}

/// Get a document
///
/// Returns the document's metadata and the chunks and tokens of each model.
#[utoipa::path(get, path = "/v1/documents/{id}", tag = "search", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The document's id")),
    responses(
        (status = 200, description = "The document", body = DocumentView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_document(
    State(index): State<Index>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DocumentView>, ApiError> {
    let (document, counts) = index.find(&caller.tenant, &id).await?;
    Ok(Json(view(document, Some(counts))))
}

/// List a document's chunks
///
/// Returns a page of chunks in the document's order, as split for the collection's current model.
#[utoipa::path(get, path = "/v1/documents/{id}/chunks", tag = "search", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The document's id"), ChunksQuery),
    responses(
        (status = 200, description = "A page of the list", body = ChunkList),
        (status = 400, description = "The request is not valid", body = ErrorBody),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn document_chunks(
    State(index): State<Index>,
    caller: Caller,
    Path(id): Path<String>,
    Query(ChunksQuery { limit, after }): Query<ChunksQuery>,
) -> Result<Json<ChunkList>, ApiError> {
    let asked = page_limit(limit)?;
    let from = after.unwrap_or(0);
    let mut page = index.chunks(&caller.tenant, &id, asked as u64 + 1, from).await?;
    let has_more = cut(&mut page, asked);
    let next = has_more.then(|| from.saturating_add(page.len() as u64));
    Ok(Json(ChunkList { object: "list", data: page.into_iter().map(chunk).collect(), has_more, next }))
}

/// Delete a document
///
/// Deletes the document and its chunks. Jobs accepted earlier do not restore it.
#[utoipa::path(delete, path = "/v1/documents/{id}", tag = "search", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The document's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
    )
)]
pub(crate) async fn delete_document(
    State(index): State<Index>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    index.delete(&caller.tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(document: IndexedDocument, counts: Option<Vec<ChunkCount>>) -> DocumentView {
    let count = |ChunkCount { model, chunks, tokens }| ModelChunks { model, chunks, tokens };
    DocumentView {
        id: document.id,
        object: "document",
        collection: document.collection,
        source: document.source,
        title: document.title,
        url: document.url,
        language: document.language,
        metadata: document.metadata,
        published_at: document.published_at,
        format: document.format,
        bytes: document.bytes,
        job: document.job.0,
        accepted_at: document.accepted_at,
        updated_at: document.updated_at,
        models: counts.map(|counts| counts.into_iter().map(count).collect()),
    }
}

fn chunk(chunk: DocumentChunk) -> ChunkView {
    let DocumentChunk { id, position, path, text, tokens, model } = chunk;
    ChunkView { id, object: "chunk", position, path, text, tokens, model }
}
