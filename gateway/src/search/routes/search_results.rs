//! The answer of `POST /v1/search`.

use chrono::{DateTime, Utc};
use ruche_store::search::{AlsoIn, Explanation, Hit, Scan};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::search_request::SearchMode;

/// The results of a search.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResults {
    /// `list`.
    pub object: &'static str,
    /// The hits, the best first. Hits of the same score are always in the same order.
    pub data: Vec<SearchHit>,
    /// The ranking that was used.
    pub mode: SearchMode,
    /// The embedding model, or the first of several. `null` if no vectors were compared.
    pub model: Option<String>,
    /// The reranker that ordered the hits. `null` if they were not reranked.
    pub reranker: Option<String>,
    /// What was not done as the request asks, and why, for people: only words were searched, hits were not reranked, or
    /// only the end of a long query was compared. Also hints on a filter that finds nothing.
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
    /// Empty if the words are only in the headings or the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlights: Option<Vec<String>>,
    /// Other documents with the same text below the same headings, which count as one hit. At most 20.
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

pub(super) fn view(hit: Hit, highlight: bool) -> SearchHit {
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
