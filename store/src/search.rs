//! What is searched: the chunks of documents, by the nearness of vectors, by words, or by both.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, bots::RetrievalMode};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{error::StoreError, models::EmbeddingModel};

/// What makes a chunk a hit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Its vector and its words: both rankings, fused by their ranks.
    #[default]
    Hybrid,
    /// The nearness of its vector.
    Vector,
    /// Its words.
    Text,
}

impl Mode {
    /// As it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Vector => "vector",
            Self::Text => "text",
        }
    }
}

impl From<RetrievalMode> for Mode {
    fn from(mode: RetrievalMode) -> Self {
        match mode {
            RetrievalMode::Hybrid => Self::Hybrid,
            RetrievalMode::Vector => Self::Vector,
            RetrievalMode::Text => Self::Text,
        }
    }
}

/// Which documents are searched; all of the collections' where it is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Of one of these sources.
    pub sources: Vec<String>,
    /// Whose metadata has all of this, as Postgres's `@>` has it.
    pub metadata: Map<String, Value>,
    /// Published at this time or later.
    pub published_after: Option<DateTime<Utc>>,
    /// Published before this time.
    pub published_before: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether it lets every document through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.metadata.is_empty()
            && self.published_after.is_none()
            && self.published_before.is_none()
    }
}

/// A collection to search in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searchable {
    pub name: String,
    /// Which model it is searched with; none before its first document.
    pub model: Option<EmbeddingModel>,
}

/// A vector to search with, of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Whose chunks it is compared with.
    pub model: EmbeddingModel,
    /// As many numbers as the model's vectors have.
    pub vector: Vec<f32>,
}

/// A search whose collections are known and whose text is embedded.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// By what.
    pub mode: Mode,
    /// Where: never empty.
    pub collections: Vec<Searchable>,
    /// What to find by words, unless by vectors alone; and whose words are shown.
    pub text: Option<String>,
    /// What to find by vectors: one for each model, none where vectors don't count.
    pub probes: Vec<Probe>,
    /// How many hits.
    pub top_k: u32,
    /// Which documents.
    pub filter: Filter,
    /// Whether to show where the words of the text are.
    pub highlight: bool,
}

/// How vectors were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// With each one that came into question.
    Exact,
    /// By an index, which may miss some.
    Index,
}

/// A chunk that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its number.
    pub chunk: i64,
    pub document: Uuid,
    pub collection: String,
    /// What the document is called where it comes from.
    pub source: String,
    pub title: Option<String>,
    /// Where the document can be read.
    pub url: Option<String>,
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    pub text: String,
    /// What is known of the document.
    pub metadata: Map<String, Value>,
    /// When the document was published.
    pub published_at: Option<DateTime<Utc>>,
    /// How good it is, beside the other hits of this search: the cosine by vectors, BM25 by words, else the sum of
    /// `1 / (60 + rank)` over its rankings; where a reranker read it, what that gave.
    pub score: f64,
    /// Pieces of its text around words of the query, as HTML: the text is escaped, the words are in `<mark>`.
    pub highlights: Vec<String>,
    /// How it got its score.
    pub explanation: Option<Explanation>,
}

/// How a hit got its score. Ranks count from 1; a ranking that does not have the hit among its best has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// Its place among the vectors.
    pub vector_rank: Option<u32>,
    /// The cosine of the angle between its vector and the query's.
    pub cosine: Option<f64>,
    /// How its vector was found.
    pub scan: Option<Scan>,
    /// Its place by words.
    pub text_rank: Option<u32>,
    /// Its score by words (BM25).
    pub text_score: Option<f64>,
    /// The sum of `1 / (60 + rank)` over its places.
    pub fused: f64,
    /// What a reranker gave it, where one read it.
    pub rerank_score: Option<f64>,
}

#[async_trait]
pub trait Search: Send + Sync + 'static {
    /// Those of these collections that the tenant has, in no order.
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError>;

    /// The best hits, the best first; the same order every time, ties included. Each with its explanation. `None`: a collection
    /// is not there any more, or not searched with the model that the lookup says.
    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError>;
}
