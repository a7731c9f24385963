//! Search over the chunks of documents: by vectors, by words, or hybrid.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, bots::RetrievalMode};
use serde_json::{Map, Value};
use uuid::Uuid;

#[cfg(doc)]
use crate::fusion::Fusion;
use crate::{error::StoreError, filter::Condition, models::EmbeddingModel};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    #[default]
    Hybrid,
    Vector,
    /// By words (BM25).
    Text,
}

impl Mode {
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

/// Restricts the documents; an empty filter matches all of the collections.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these.
    pub sources: Vec<String>,
    /// All of them must hold.
    pub metadata: Vec<Condition>,
    /// Inclusive.
    pub published_after: Option<DateTime<Utc>>,
    /// Exclusive.
    pub published_before: Option<DateTime<Utc>>,
}

impl Filter {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.metadata.is_empty()
            && self.published_after.is_none()
            && self.published_before.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searchable {
    pub name: String,
    /// None before its first document.
    pub model: Option<EmbeddingModel>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    pub model: EmbeddingModel,
    /// As long as the model's vectors.
    pub vector: Vec<f32>,
}

/// A search whose collections are resolved and whose text is embedded.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    pub mode: Mode,
    /// Never empty.
    pub collections: Vec<Searchable>,
    /// The query's words, for ranking (except by vectors alone) and highlighting.
    pub text: Option<String>,
    /// One per model; empty if vectors are not used.
    pub probes: Vec<Probe>,
    pub top_k: u32,
    pub filter: Filter,
    pub highlight: bool,
}

impl Lookup {
    /// The names of the models that embedded the text.
    pub(crate) fn models(&self) -> impl Iterator<Item = &str> {
        self.probes.iter().map(|probe| probe.model.name.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Every matching vector was compared.
    Exact,
    /// By an approximate index, which may miss some.
    Index,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub chunk: i64,
    pub document: Uuid,
    pub collection: String,
    pub source: String,
    pub title: Option<String>,
    pub url: Option<String>,
    /// The headings above it, outermost first.
    pub path: Vec<String>,
    pub text: String,
    pub metadata: Map<String, Value>,
    pub published_at: Option<DateTime<Utc>>,
    /// Comparable only within one search: the cosine by vectors, BM25 by words, else [`Fusion::score`]; the reranker's
    /// score if one read it.
    pub score: f64,
    /// Fragments around matched words, as HTML: the text is escaped, the words are in `<mark>`.
    pub highlights: Vec<String>,
    /// Other documents in which the same text was found.
    pub also_in: Vec<AlsoIn>,
    pub explanation: Option<Explanation>,
}

/// Another document with the text of a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoIn {
    pub document: Uuid,
    pub collection: String,
    pub source: String,
    pub title: Option<String>,
    pub url: Option<String>,
}

/// The most documents that are listed with a hit since they have the same text.
const COPIES: usize = 20;

/// Of hits in their order, the first one of each text, with the other documents that have it. Headings are part of a
/// text: `It costs 5 euros.` says different things below different headings.
pub(crate) fn collapsed(hits: Vec<Hit>) -> Vec<Hit> {
    let is_same = |one: &Hit, other: &Hit| one.text == other.text && one.path == other.path;
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        match kept.iter_mut().find(|other| is_same(other, &hit)) {
            Some(other) if other.document == hit.document || other.also_in.len() == COPIES => {}
            Some(other) => {
                let Hit { document, collection, source, title, url, .. } = hit;
                other.also_in.push(AlsoIn { document, collection, source, title, url });
            }
            None => kept.push(hit),
        }
    }
    kept
}

/// How a hit got its score. Ranks count from 1, and are none if the hit is not among the candidates of the ranking.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    pub vector_rank: Option<u32>,
    /// Of its vector and the query's.
    pub cosine: Option<f64>,
    pub scan: Option<Scan>,
    pub text_rank: Option<u32>,
    pub text_score: Option<f64>,
    /// Of both scores: [`Fusion::score`].
    pub fused: f64,
    /// Set if a reranker read it.
    pub rerank_score: Option<f64>,
}

/// Of a field of the metadata.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldExamples {
    /// One value of each JSON type, in a deterministic order. The values of a list count, not the list.
    pub values: Vec<Value>,
    /// Whether all documents were looked at: at most [`FIELD_DOCUMENTS`] are.
    pub is_complete: bool,
}

/// The most documents that are looked at for [`FieldExamples`].
pub const FIELD_DOCUMENTS: u32 = 10_000;

#[async_trait]
pub trait Search: Send + Sync + 'static {
    /// The tenant's collections among these names, unordered.
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError>;

    /// What documents of these collections have in a field of their metadata: tells why a filter finds nothing.
    async fn field_examples(
        &self,
        tenant: &TenantId,
        collections: &[String],
        path: &[String],
    ) -> Result<FieldExamples, StoreError>;

    /// Those of these sources that a document of these collections has, unordered.
    async fn known_sources(
        &self,
        tenant: &TenantId,
        collections: &[String],
        sources: &[String],
    ) -> Result<Vec<String>, StoreError>;

    /// The hits with their explanations, best first, in a deterministic order. `None` if a collection was deleted, or
    /// no longer uses the lookup's model.
    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(document: u128, heading: &str, text: &str) -> Hit {
        Hit {
            chunk: 0,
            document: Uuid::from_u128(document),
            collection: "docs".to_owned(),
            source: document.to_string(),
            title: None,
            url: None,
            path: vec![heading.to_owned()],
            text: text.to_owned(),
            metadata: Map::new(),
            published_at: None,
            score: 0.0,
            highlights: Vec::new(),
            also_in: Vec::new(),
            explanation: None,
        }
    }

    #[test]
    fn equal_texts_below_unlike_headings_are_two_hits() {
        let text = "It costs 5 euros.";
        let hits = [hit(1, "Wax", text), hit(1, "Honey", text), hit(2, "Wax", text), hit(1, "Wax", text)];
        let collapsed = collapsed(hits.to_vec());
        let told: Vec<_> = collapsed.iter().map(|hit| (&*hit.path[0], hit.also_in.len())).collect();
        assert_eq!(told, [("Wax", 1), ("Honey", 0)]);
        assert_eq!(collapsed[0].also_in[0].source, "2");
    }
}
