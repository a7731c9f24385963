//! Search in memory: each vector is compared, and words are those between spaces. For tests of what asks.

use async_trait::async_trait;
use ruche_schemas::TenantId;
use serde_json::Value;

use super::Memory;
use crate::{
    jobs::StoreError,
    search::Search,
    search::{Explanation, Filter, Hit, Lookup, Mode, Scan, Searchable},
};

/// A chunk, as it would be found.
#[derive(Debug, Clone)]
pub struct StoredChunk {
    /// Whose it is.
    pub tenant: TenantId,
    /// The number of the model that made its vector.
    pub model: i32,
    /// Its vector.
    pub vector: Vec<f32>,
    /// The rest.
    pub hit: Hit,
}

impl Memory {
    /// Keeps a collection, in place of one of the same name.
    pub fn put_collection(&self, tenant: TenantId, collection: Searchable) {
        let all = &mut self.lock().searchable;
        all.retain(|(owner, one)| *owner != tenant || one.name != collection.name);
        all.push((tenant, collection));
    }

    /// Keeps a chunk.
    pub fn put_chunk(&self, chunk: StoredChunk) {
        self.lock().chunks.push(chunk);
    }
}

#[async_trait]
impl Search for Memory {
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError> {
        let tables = self.tables()?;
        let mine = tables.searchable.iter().filter(|(owner, one)| owner == tenant && names.contains(&one.name));
        Ok(mine.map(|(_, one)| one.clone()).collect())
    }

    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let tables = self.tables()?;
        let is_kept = |one: &Searchable| tables.searchable.iter().any(|(owner, kept)| owner == tenant && kept == one);
        if !lookup.collections.iter().all(is_kept) {
            return Ok(None);
        }
        let is_asked = |chunk: &&StoredChunk| {
            let of = |one: &Searchable| {
                one.name == chunk.hit.collection && one.model.as_ref().is_some_and(|model| model.id == chunk.model)
            };
            chunk.tenant == *tenant && lookup.collections.iter().any(of) && passes(&lookup.filter, &chunk.hit)
        };
        let mut hits: Vec<Hit> = tables.chunks.iter().filter(is_asked).map(|chunk| scored(chunk, lookup)).collect();
        let explained = |hit: &Hit| hit.explanation.clone().unwrap_or_default();
        rank(&mut hits, |hit| explained(hit).cosine, |explanation, rank| explanation.vector_rank = Some(rank));
        rank(&mut hits, |hit| explained(hit).text_score, |explanation, rank| explanation.text_rank = Some(rank));
        for hit in &mut hits {
            let Some(explanation) = &mut hit.explanation else { continue };
            let of = |rank: Option<u32>| rank.map_or(0.0, |rank| 1.0 / (60.0 + f64::from(rank)));
            explanation.fused = of(explanation.vector_rank) + of(explanation.text_rank);
            hit.score = match lookup.mode {
                Mode::Vector if lookup.probes.len() == 1 => explanation.cosine.unwrap_or_default(),
                Mode::Text => explanation.text_score.unwrap_or_default(),
                _ => explanation.fused,
            };
        }
        hits.retain(|hit| explained(hit).fused > 0.0);
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        hits.truncate(usize::try_from(lookup.top_k).unwrap_or(usize::MAX));
        Ok(Some(hits))
    }
}

fn scored(chunk: &StoredChunk, lookup: &Lookup) -> Hit {
    let mut hit = chunk.hit.clone();
    let mut explanation = Explanation::default();
    let probe = lookup.probes.iter().find(|probe| probe.model.id == chunk.model);
    if let Some(probe) = probe.filter(|_| lookup.mode != Mode::Text) {
        explanation.cosine = Some(cosine(&probe.vector, &chunk.vector));
        explanation.scan = Some(Scan::Exact);
    }
    let words = |text: &str| text.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    if let Some(text) = &lookup.text {
        let (own, asked) = (words(&hit.text), words(text));
        let found: Vec<_> = own.iter().filter(|word| asked.contains(word)).collect();
        if lookup.mode != Mode::Vector && !found.is_empty() {
            explanation.text_score = Some(found.len() as f64);
        }
        if lookup.highlight {
            hit.highlights = found.iter().map(|word| format!("<mark>{word}</mark>")).collect();
        }
    }
    hit.explanation = Some(explanation);
    hit
}

fn rank(hits: &mut [Hit], of: impl Fn(&Hit) -> Option<f64>, put: impl Fn(&mut Explanation, u32)) {
    let mut places: Vec<_> = hits.iter().enumerate().filter_map(|(at, hit)| Some((of(hit)?, hit.chunk, at))).collect();
    places.sort_by(|(a, one, _), (b, other, _)| b.total_cmp(a).then(one.cmp(other)));
    for (rank, (.., at)) in (1..).zip(places) {
        if let Some(explanation) = &mut hits[at].explanation {
            put(explanation, rank);
        }
    }
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

fn passes(filter: &Filter, hit: &Hit) -> bool {
    let Filter { sources, metadata, published_after, published_before } = filter;
    (sources.is_empty() || sources.contains(&hit.source))
        && metadata.iter().all(|(key, value)| hit.metadata.get(key).is_some_and(|own| contains(own, value)))
        && published_after.is_none_or(|time| hit.published_at.is_some_and(|at| at >= time))
        && published_before.is_none_or(|time| hit.published_at.is_some_and(|at| at < time))
}

/// As Postgres's `@>`.
fn contains(own: &Value, asked: &Value) -> bool {
    match (own, asked) {
        (Value::Object(own), Value::Object(asked)) => {
            asked.iter().all(|(key, value)| own.get(key).is_some_and(|own| contains(own, value)))
        }
        (Value::Array(own), Value::Array(asked)) => {
            asked.iter().all(|asked| own.iter().any(|own| contains(own, asked)))
        }
        _ => own == asked,
    }
}
