//! `POST /v1/search`: the chunks of documents that answer a question.

use std::{sync::Arc, time::Instant};

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_schemas::date;
use ruche_store::search::{AlsoIn, Explanation, Filter, Hit, Mode, Scan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        limits,
    },
    search::{
        filter::conditions,
        query::{SearchQuery, invalid},
        service::Searcher,
    },
};

/// A search request. `query` or `vector` is required, and `collection` or `collections`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchRequest {
    /// The query: at most 16 KiB. If it is longer than the model can read, the vector search uses its end. A phrase "in
    /// quotes" must occur and a word after a - must not.
    query: Option<String>,
    /// A vector to search with instead of the query's, from `POST /v1/embeddings` with the collections' model and the
    /// purpose `query`. Its length need not be 1.
    vector: Option<Vec<f32>>,
    /// The collection to search in.
    collection: Option<String>,
    /// Collections to search in: 1 to 32.
    collections: Option<Vec<String>>,
    /// Ranking: `hybrid`, `vector` or `text`. Default: `hybrid`; with a `vector` and no `query`: `vector`.
    mode: Option<SearchMode>,
    /// How many hits. Default: 10.
    #[schema(minimum = 1, maximum = 100)]
    top_k: Option<u32>,
    /// Conditions that the documents must meet.
    filter: Option<SearchFilter>,
    /// Whether each hit has `highlights` of the query's words.
    #[serde(default)]
    highlight: bool,
    /// Whether each hit has an `explanation` of its score.
    #[serde(default)]
    explain: bool,
    /// Whether a reranker orders the best hits. This is slower than the search itself: each hit is one pass of the
    /// model.
    #[serde(default)]
    rerank: bool,
    /// How many hits the reranker reads; at least `top_k`. Default: 30.
    #[schema(minimum = 1, maximum = 100)]
    rerank_hits: Option<u32>,
}

/// How hits are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Vectors and words: both rankings, fused by a convex sum of their scores.
    Hybrid,
    /// The cosine of its vector and the query's.
    Vector,
    /// Its words, by BM25.
    Text,
}

impl From<SearchMode> for Mode {
    fn from(mode: SearchMode) -> Self {
        match mode {
            SearchMode::Hybrid => Self::Hybrid,
            SearchMode::Vector => Self::Vector,
            SearchMode::Text => Self::Text,
        }
    }
}

impl From<Mode> for SearchMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Vector => Self::Vector,
            Mode::Text => Self::Text,
        }
    }
}

/// Documents that meet all conditions.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SearchFilter {
    /// Allowed sources: 1 to 100.
    sources: Option<Vec<String>>,
    /// Conditions on the document's metadata. A value, as in `{"lang":"en"}`, must be equal to the field or in its
    /// list. Operators, as in `{"price":{"$gte":5, "$lt":10},"tag":{"$in":["a","b"]}}`, are $eq, $ne, $in, $nin, $gt,
    /// $gte, $lt, $lte and $exists; at most 50. An empty list is refused. `{"author":{"name":"Ana"}}` is a nested
    /// field; a dot is part of a name.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// Published at this time or later: RFC 3339, or a date. Documents without a time are excluded.
    #[serde(deserialize_with = "date::optional")]
    published_after: Option<DateTime<Utc>>,
    /// Published before this time: RFC 3339, or a date. Documents without a time are excluded.
    #[serde(deserialize_with = "date::optional")]
    published_before: Option<DateTime<Utc>>,
}

/// The results of a search.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResults {
    /// `list`.
    pub object: &'static str,
    /// The hits, the best first. Hits of the same score are always in the same order.
    pub data: Vec<SearchHit>,
    /// The mode that was used.
    pub mode: SearchMode,
    /// The embedding model, the first of several; `null` if no vectors were compared.
    pub model: Option<String>,
    /// The reranker that ordered the hits; `null` if the hits were not reranked.
    pub reranker: Option<String>,
    /// Notes on the search: that only words were searched because no worker has the model, or why the hits were not
    /// reranked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// A chunk of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHit {
    /// The chunk's number.
    pub chunk: i64,
    /// The document's id.
    pub document: Uuid,
    /// The document's collection.
    pub collection: String,
    /// The document's source.
    pub source: String,
    /// The document's title.
    pub title: Option<String>,
    /// The URL of the document.
    pub url: Option<String>,
    /// The headings above the chunk, the outermost first.
    pub path: Vec<String>,
    /// The chunk's text.
    pub text: String,
    /// The document's metadata.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// When the document was published.
    pub published_at: Option<DateTime<Utc>>,
    /// The score, to compare with the other hits of this search only. `vector`: the cosine (with several models as for
    /// `hybrid`). `text`: BM25. `hybrid`: a sum of both, from 0 to 1. With a reranker: its score, on its own scale.
    pub score: f64,
    /// Up to three pieces of the text around words of `query`, as HTML: the text is escaped, the words are in `<mark>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlights: Option<Vec<String>>,
    /// Other documents with the same text, which count as one hit. At most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<OtherDocument>,
    /// How the hit got its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<SearchExplanation>,
}

/// Another document that contains the same text.
#[derive(Debug, Serialize, ToSchema)]
pub struct OtherDocument {
    /// The document's id.
    pub document: Uuid,
    /// The document's collection.
    pub collection: String,
    /// The document's source.
    pub source: String,
    /// The document's title.
    pub title: Option<String>,
    /// The URL of the document.
    pub url: Option<String>,
}

/// How a hit got its score. A rank is `null` if the hit is not among the best of that ranking.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchExplanation {
    /// Its rank by vectors, from 1.
    pub vector_rank: Option<u32>,
    /// The cosine of the angle between its vector and the query's.
    pub cosine: Option<f64>,
    /// How its vector was found: `exact` (all vectors were compared) or `index` (approximate, may miss some).
    pub scan: Option<SearchScan>,
    /// Its rank by words, from 1.
    pub text_rank: Option<u32>,
    /// Its score by words (BM25).
    pub text_score: Option<f64>,
    /// Both scores together, as `hybrid` orders its hits.
    pub fused: f64,
    /// The reranker's score, if one read the hit.
    pub rerank_score: Option<f64>,
}

/// How vectors were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchScan {
    /// With each one that came into question.
    Exact,
    /// By the index.
    Index,
}

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
        (status = 404, description = "A collection is not found in this tenant: `unknown_collection`", body = ErrorBody),
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

fn read(request: SearchRequest) -> Result<SearchQuery, ApiError> {
    let SearchRequest { query, vector, collection, collections, mode, top_k, filter, highlight, explain, .. } = request;
    let collections = match (collection, collections) {
        (Some(one), None) => vec![one],
        (None, Some(many)) => many,
        (None, None) => {
            return Err(invalid("collection", "is missing: name the collection to search in, or `collections`"));
        }
        (Some(_), Some(_)) => {
            return Err(invalid("collections", "is given beside `collection`: name one or several, not both"));
        }
    };
    let SearchFilter { sources, metadata, published_after, published_before } = filter.unwrap_or_default();
    if sources.as_ref().is_some_and(Vec::is_empty) {
        let most = limits::SEARCH_SOURCES;
        let message = format!("is an empty list, which no document is in: name 1 to {most} sources, or leave it out");
        return Err(invalid("filter.sources", message));
    }
    let sources = sources.unwrap_or_default();
    let rerank = match (request.rerank, request.rerank_hits) {
        (true, hits) => Some(hits.unwrap_or(limits::SEARCH_RERANKED)),
        (false, None) => None,
        (false, Some(_)) => {
            return Err(invalid("rerank_hits", "goes with `\"rerank\": true`: nothing is reranked without"));
        }
    };
    if mode == Some(SearchMode::Hybrid) && query.is_none() && vector.is_some() {
        return Err(invalid("query", "is missing: mode hybrid finds by words too"));
    }
    Ok(SearchQuery {
        text: query,
        vector,
        collections,
        mode: mode.map_or_else(Mode::default, Into::into),
        top_k: top_k.unwrap_or(limits::SEARCH_HITS_DEFAULT),
        filter: Filter { sources, metadata: conditions(&metadata)?, published_after, published_before },
        highlight,
        explain,
        rerank,
    })
}

fn view(hit: Hit, highlight: bool) -> SearchHit {
    SearchHit {
        chunk: hit.chunk,
        document: hit.document,
        collection: hit.collection,
        source: hit.source,
        title: hit.title,
        url: hit.url,
        path: hit.path,
        text: hit.text,
        metadata: hit.metadata,
        published_at: hit.published_at,
        score: hit.score,
        highlights: highlight.then_some(hit.highlights),
        also_in: hit.also_in.into_iter().map(elsewhere).collect(),
        explanation: hit.explanation.map(explained),
    }
}

fn elsewhere(other: AlsoIn) -> OtherDocument {
    let AlsoIn { document, collection, source, title, url } = other;
    OtherDocument { document, collection, source, title, url }
}

fn explained(explanation: Explanation) -> SearchExplanation {
    let Explanation { vector_rank, cosine, scan, text_rank, text_score, fused, rerank_score } = explanation;
    let scan = scan.map(|scan| match scan {
        Scan::Exact => SearchScan::Exact,
        Scan::Index => SearchScan::Index,
    });
    SearchExplanation { vector_rank, cosine, scan, text_rank, text_score, fused, rerank_score }
}
