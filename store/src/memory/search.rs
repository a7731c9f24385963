//! Search in memory, for tests of callers: compares every vector, and counts words.

use std::{collections::HashMap, mem::discriminant};

use async_trait::async_trait;
use ruche_schemas::{JobId, TenantId, clock};
use serde_json::Value;

use super::{
    rows::{ChunkRow, DocumentRow, fields},
    tables::{Memory, Tables},
};
use crate::{
    analysis::{
        highlight::highlights,
        index::terms,
        query::{Asked, Query, parse},
    },
    documents::{Chunk, IndexedDocument},
    error::StoreError,
    filter::values_at,
    fusion::{Cosines, Fusion, Question},
    search::{Explanation, FieldExamples, Filter, Hit, Lookup, Mode, Probe, Scan, Search, Searchable, collapsed},
};

#[derive(Debug, Clone)]
pub struct StoredChunk {
    pub tenant: TenantId,
    pub model: i32,
    pub vector: Vec<f32>,
    pub hit: Hit,
}

impl Memory {
    pub fn put_chunk(&self, chunk: StoredChunk) {
        let StoredChunk { tenant, model, vector, hit } = chunk;
        let listed = IndexedDocument {
            id: hit.document,
            collection: hit.collection,
            source: hit.source,
            title: hit.title,
            url: hit.url,
            language: "english".to_owned(),
            metadata: Value::Object(hit.metadata),
            published_at: hit.published_at,
            format: "text".to_owned(),
            bytes: 0,
            job: JobId(hit.document),
            accepted_at: clock::now(),
            updated_at: clock::now(),
        };
        let mut tables = self.lock();
        let row = tables.documents.entry(hit.document).or_insert_with(|| DocumentRow::new(tenant, listed));
        let chunk = Chunk { path: hit.path, text: hit.text, tokens: 1, hash: [0; 32], vector };
        row.add(hit.chunk, model, chunk);
    }
}

impl Tables {
    fn searchable(&self, tenant: &TenantId, name: &str) -> Option<Searchable> {
        let row = self.collection(tenant, name)?;
        let model = row.model.and_then(|model| self.models.get(&model)).cloned();
        Some(Searchable { name: name.to_owned(), model })
    }
}

#[async_trait]
impl Search for Memory {
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError> {
        let tables = self.tables()?;
        Ok(names.iter().filter_map(|name| tables.searchable(tenant, name)).collect())
    }

    async fn field_examples(
        &self,
        tenant: &TenantId,
        collections: &[String],
        path: &[String],
    ) -> Result<FieldExamples, StoreError> {
        let tables = self.tables()?;
        let rows = collections.iter().flat_map(|name| tables.documents_in(tenant, name));
        let mut values: Vec<Value> = Vec::new();
        for value in rows.flat_map(|(_, row)| values_at(&row.listed.metadata, path)) {
            if !values.iter().any(|known| discriminant(known) == discriminant(value)) {
                values.push(value.clone());
            }
        }
        values.sort_by_key(|value| value.to_string());
        Ok(FieldExamples { values, is_complete: true })
    }

    async fn known_sources(
        &self,
        tenant: &TenantId,
        collections: &[String],
        sources: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let tables = self.tables()?;
        let rows = collections.iter().flat_map(|name| tables.documents_in(tenant, name));
        let known: Vec<String> = rows.map(|(_, row)| row.listed.source.clone()).collect();
        Ok(sources.iter().filter(|source| known.contains(source)).cloned().collect())
    }

    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let tables = self.tables()?;
        if !lookup.collections.iter().all(|one| tables.searchable(tenant, &one.name).as_ref() == Some(one)) {
            return Ok(None);
        }
        let names = || lookup.collections.iter().flat_map(|one| tables.documents_in(tenant, &one.name));
        let mut languages: Vec<String> = names().map(|(_, row)| row.listed.language.clone()).collect();
        languages.sort_unstable();
        languages.dedup();
        let query = lookup.text.as_ref().map(|text| parse(text, &languages)).unwrap_or_default();
        let mut hits: Vec<Hit> = Vec::new();
        let mut occur = vec![false; query.words.len()];
        for one in &lookup.collections {
            let Some(model) = one.model.as_ref().map(|model| model.id) else { continue };
            for (_, row) in tables.documents_in(tenant, &one.name) {
                let found = row.by(model).map(|chunk| (hit(row, chunk), chunk));
                let language = &row.listed.language;
                let passing = found.filter(|(hit, _)| passes(&lookup.filter, hit) && allowed(&query, hit, language));
                for (hit, chunk) in passing {
                    let terms = terms_of(&hit, language);
                    let words = occur.iter_mut().zip(&query.words);
                    words.for_each(|(occurs, word)| *occurs |= terms.iter().any(|(term, _)| word.matches(term)));
                    hits.push(scored(hit, chunk, lookup, &query, language));
                }
            }
        }
        let explained = |hit: &Hit| hit.explanation.clone().unwrap_or_default();
        rank(&mut hits, |hit| explained(hit).cosine, |explanation, rank| explanation.vector_rank = Some(rank));
        rank(&mut hits, |hit| explained(hit).text_score, |explanation, rank| explanation.text_rank = Some(rank));
        let whole: f64 =
            query.words.iter().zip(&occur).filter(|(_, occurs)| **occurs).map(|(word, _)| word.weight).sum();
        let by_words = lookup.mode != Mode::Vector && !query.words.is_empty();
        fuse(&mut hits, lookup, by_words.then_some(whole));
        hits.retain(|hit| explained(hit).cosine.is_some() || explained(hit).text_score.is_some());
        let text = |hit: &Hit| explained(hit).text_score.unwrap_or_default();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(text(b).total_cmp(&text(a))).then(a.chunk.cmp(&b.chunk)));
        let mut hits = collapsed(hits);
        hits.truncate(usize::try_from(lookup.top_k).unwrap_or(usize::MAX));
        Ok(Some(hits))
    }
}

/// Sets the fused scores and the final ones. `words`: the weights of all words of the query that any text has, if it is
/// searched by words.
fn fuse(hits: &mut [Hit], lookup: &Lookup, words: Option<f64>) {
    let explained = |hit: &Hit| hit.explanation.clone().unwrap_or_default();
    let model = |hit: &Hit| {
        let mine = lookup.collections.iter().find(|one| one.name == hit.collection);
        mine.and_then(|one| one.model.as_ref()).map(|model| model.id)
    };
    let mut ranges: HashMap<_, Cosines> = HashMap::new();
    for hit in &*hits {
        let Some(cosine) = explained(hit).cosine else { continue };
        let range = ranges.entry(model(hit)).or_insert(Cosines { least: cosine, best: cosine, candidates: 0 });
        let (least, best) = (range.least.min(cosine), range.best.max(cosine));
        *range = Cosines { least, best, candidates: range.candidates + 1 };
    }
    let most = hits.iter().filter_map(|hit| explained(hit).text_score).fold(0.0, f64::max);
    // A text that repeats some of the words may score more than one that has each of them once.
    let share = |explanation: &Explanation| Some(explanation.text_score? / words?.max(most));
    let best = words.filter(|words| *words > 0.0).map_or(0.0, |words| (most / words).min(1.0));
    let fusion = Fusion::new(Question::of(lookup.text.as_deref().unwrap_or_default(), lookup.models()), best);
    for hit in hits {
        let range = ranges.get(&model(hit)).copied();
        let Some(explanation) = &mut hit.explanation else { continue };
        let text = share(explanation);
        explanation.fused = match range.filter(|_| words.is_some()) {
            Some(range) => fusion.score(explanation.cosine, &range, text.unwrap_or(0.0)),
            None => {
                let near = explanation.cosine.zip(range).map(|(cosine, range)| range.absolute(cosine).sqrt());
                near.or(text).unwrap_or(0.0)
            }
        };
        hit.score = match lookup.mode {
            Mode::Vector if lookup.probes.len() == 1 => explanation.cosine.unwrap_or_default(),
            Mode::Text => explanation.text_score.unwrap_or_default(),
            _ => explanation.fused,
        };
    }
}

fn hit(row: &DocumentRow, chunk: &ChunkRow) -> Hit {
    let (listed, ChunkRow { id, chunk, .. }) = (row.listed.clone(), chunk);
    Hit {
        chunk: *id,
        document: listed.id,
        collection: listed.collection,
        source: listed.source,
        title: listed.title,
        url: listed.url,
        path: chunk.path.clone(),
        text: chunk.text.clone(),
        metadata: fields(listed.metadata),
        published_at: listed.published_at,
        score: 0.0,
        highlights: Vec::new(),
        also_in: Vec::new(),
        explanation: None,
    }
}

fn terms_of(hit: &Hit, language: &str) -> Vec<(String, u32)> {
    terms(&format!("{} . {}", hit.path.join(" . "), hit.text), language)
}

fn allowed(query: &Query, hit: &Hit, language: &str) -> bool {
    let terms = terms_of(hit, language);
    query.phrases.iter().all(|phrase| phrase.occurs(&terms))
        && !query.without.iter().any(|phrase| phrase.occurs(&terms))
}

fn scored(mut hit: Hit, row: &ChunkRow, lookup: &Lookup, query: &Query, language: &str) -> Hit {
    let mut explanation = Explanation::default();
    let is_near = |probe: &&Probe| probe.model.id == row.model && probe.vector.len() == row.chunk.vector.len();
    let probe = lookup.probes.iter().find(is_near);
    if let Some(probe) = probe.filter(|_| lookup.mode != Mode::Text) {
        explanation.cosine = Some(cosine(&probe.vector, &row.chunk.vector));
        explanation.scan = Some(Scan::Exact);
    }
    let terms = terms_of(&hit, language);
    let count = |asked: &Asked| asked.weight * terms.iter().filter(|(term, _)| asked.matches(term)).count() as f64;
    let score: f64 = query.words.iter().map(count).sum();
    if lookup.mode != Mode::Vector && score > 0.0 {
        explanation.text_score = Some(score);
    }
    if lookup.highlight {
        hit.highlights = highlights(&hit.text, language, query);
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
        && metadata.iter().all(|condition| condition.holds(&Value::Object(hit.metadata.clone())))
        && published_after.is_none_or(|time| hit.published_at.is_some_and(|at| at >= time))
        && published_before.is_none_or(|time| hit.published_at.is_some_and(|at| at < time))
}
