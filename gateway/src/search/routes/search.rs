//! `POST /v1/search`: the chunks of documents that answer a question.

use std::{sync::Arc, time::Instant};

use axum::{Json, extract::State};

use super::{
    search_request::{SearchRequest, read},
    search_results::{SearchResults, view},
};
use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
    },
    search::service::Searcher,
};

/// Search documents
///
/// Searches by meaning, by words, or both. Each collection is searched with the model that embedded its documents;
/// collections with different models can be searched together. Filters apply before the best hits are chosen. With
/// `rerank`, a cross-encoder orders the best hits.
#[utoipa::path(
    post, path = "/v1/search", tag = "search", security(("bearer" = [])),
    request_body(content = SearchRequest, examples(
        ("A question" = (value = json!({ "query": "When are refunds paid?", "collection": "handbook" }))),
        ("Of some documents, explained" = (value = json!({
            "query": "\"notice period\" -intern", "collections": ["handbook", "contracts"], "mode": "hybrid", "top_k": 5,
            "filter": { "metadata": { "country": "FR" }, "published_after": "2026-01-01T00:00:00Z" },
            "highlight": true, "explain": true
        }))),
    )),
    responses(
        (status = 200, description = "The hits", body = SearchResults),
        (status = 400, description = "The request is not valid: `param` names the field; `wrong_dimensions` for a vector that is not of \
            the collections' model", body = ErrorBody),
        (status = 404, description = "A collection is not found in this tenant: `collection_not_found`", body = ErrorBody),
        (status = 503, description = "`model_unavailable`: no worker has the model, and mode `vector` needs it; else see `code`", body = ErrorBody),
        (status = "4XX", description = "The request is refused: see `code`", body = ErrorBody),
        (status = "5XX", description = "Temporarily unavailable: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn search(
    State(searcher): State<Arc<Searcher>>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<Json<SearchResults>, ApiError> {
    let began = Instant::now();
    let query = read(parse(&text)?)?;
    drop(text);
    let found = Box::pin(searcher.search(&caller.tenant, &query)).await?;
    Ok(Json(SearchResults {
        object: "list",
        data: found.hits.into_iter().map(|hit| view(hit, query.highlight)).collect(),
        mode: found.mode.into(),
        model: found.model,
        reranker: found.reranker,
        notes: found.notes,
        took_ms: (began.elapsed().as_secs_f64() * 1e6).round() / 1e3,
    }))
}
