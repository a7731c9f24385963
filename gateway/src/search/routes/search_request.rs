//! The body of `POST /v1/search`, read as a query.

use chrono::{DateTime, Utc};
use ruche_schemas::{date, kinds::embed::document::check_collection};
use ruche_store::search::{Filter, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    http::{error::ApiError, limits},
    search::{
        filter::conditions,
        query::{SearchQuery, invalid},
    },
};

/// A search request. `query` or `vector` is required, and `collection` or `collections`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchRequest {
    /// The query: at most 16 KiB. If it is longer than the model can read, the vector search uses its end. A phrase "in
    /// quotes" must occur and a word after a - must not; a - before a digit is its sign.
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
    /// How many hits, at most. Default: 10.
    #[schema(minimum = 1, maximum = 100)]
    top_k: Option<u32>,
    /// Conditions that the documents must meet. Default: none.
    filter: Option<SearchFilter>,
    /// Whether each hit has `highlights` of the query's words. Default: false.
    #[serde(default)]
    highlight: bool,
    /// Whether each hit has an `explanation` of its score. Default: false.
    #[serde(default)]
    explain: bool,
    /// Whether a reranker orders the best hits. This is slower than the search itself: each hit is one pass of the
    /// model. Default: false.
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
    /// By meaning and by words: a weighted sum of both scores.
    Hybrid,
    /// By meaning: the cosine of the hit's vector and the query's.
    Vector,
    /// By words: BM25.
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
    /// Published at this time or later: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Documents
    /// without a time are excluded.
    #[serde(deserialize_with = "date::optional")]
    published_after: Option<DateTime<Utc>>,
    /// Published before this time: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Documents without
    /// a time are excluded.
    #[serde(deserialize_with = "date::optional")]
    published_before: Option<DateTime<Utc>>,
}

pub(super) fn read(request: SearchRequest) -> Result<SearchQuery, ApiError> {
    let SearchRequest { query, vector, collection, collections, mode, top_k, filter, highlight, explain, .. } = request;
    let collections = match (collection, collections) {
        (Some(one), None) => {
            check_collection("collection", &one)?;
            vec![one]
        }
        (None, Some(many)) => many,
        (None, None) => {
            return Err(invalid("collection", "is missing: name the collection to search in, or `collections`"));
        }
        (Some(_), Some(_)) => {
            return Err(invalid("collections", "and `collection` are both there: send one of them"));
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
            return Err(invalid("rerank_hits", "needs `\"rerank\": true`: without it nothing is reranked"));
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
