//! Search in Postgres. The scope (`scope`) and the words (`words`) are read first, because they decide how the
//! nearest vectors are found: by an exact scan over few chunks, or by the index. An index also returns chunks that
//! the filter or the tenant excludes, so it iterates until there are enough (`hnsw.iterative_scan`); where it gives
//! up early, or the filter leaves few, an exact scan follows, so a filter never costs hits.

mod arguments;
mod filter;
mod part;
mod scope;
pub(super) mod searching;
mod statement;
mod words;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use serde_json::Value;
use sqlx::{self, AssertSqlSafe, PgPool, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{handle::Postgres, models, sql::fields};
use crate::{
    analysis::{highlight::highlights, query::Query},
    error::StoreError,
    search::{Explanation, FieldExamples, Hit, Lookup, Mode, Scan, Search, Searchable, collapsed},
};
use searching::{CANDIDATES, FUSED, SPARE, Searching};
use statement::Wanted;

const SEARCHABLE: &str = "
SELECT c.name, m.id AS model_id, m.name AS model_name, m.version AS model_version, m.dimensions AS model_dimensions
FROM collections c LEFT JOIN embedding_models m ON m.id = c.model_id
WHERE c.tenant = $1 AND c.name = ANY($2)";

const KNOWN_SOURCES: &str = "
SELECT DISTINCT source FROM documents WHERE tenant = $1 AND collection = ANY($2) AND source = ANY($3)";

#[async_trait]
impl Search for Postgres {
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError> {
        let asked = sqlx::query(SEARCHABLE).bind(tenant.as_str()).bind(names);
        let rows = asked.fetch_all(self.pool()).await?;
        rows.iter().map(searchable).collect()
    }

    async fn field_examples(
        &self,
        tenant: &TenantId,
        collections: &[String],
        path: &[String],
    ) -> Result<FieldExamples, StoreError> {
        filter::examples(self.pool(), tenant, collections, path).await
    }

    async fn known_sources(
        &self,
        tenant: &TenantId,
        collections: &[String],
        sources: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let asked = sqlx::query_scalar(KNOWN_SOURCES).bind(tenant.as_str()).bind(collections).bind(sources);
        Ok(asked.fetch_all(self.pool()).await?)
    }

    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let Searching { settings, memory, .. } = &*self.searching;
        let pool = self.pool();
        let query = memory.query(pool, tenant, lookup).await?;
        let constraint = query.as_ref().and_then(words::constraint);
        let mut parts = memory.sized(pool, settings, tenant, lookup, constraint.as_deref()).await?;
        if parts.is_empty() || parts.iter().all(|part| part.size == 0) {
            return self.nothing(tenant, lookup).await;
        }
        let total = parts.iter().map(|part| part.size).sum();
        let terms = match query.as_ref().filter(|_| lookup.mode != Mode::Vector) {
            Some(query) => words::choose(query, &*memory.frequencies(pool).await?, total),
            None => None,
        };
        let query = query.filter(|_| lookup.highlight);
        let candidates = if lookup.mode == Mode::Hybrid { FUSED } else { CANDIDATES }.max(2 * lookup.top_k);
        let (mut read, all) = (lookup.top_k + SPARE, 2 * candidates * u32::try_from(parts.len()).unwrap_or(1));
        loop {
            let (terms, constraint) = (terms.as_ref(), constraint.as_deref());
            let wanted = Wanted { tenant, lookup, parts: &parts, terms, constraint, total, candidates, read };
            let by_vectors = wanted.by_vectors();
            let Run { hits, rows, goes_on, nearby, unchanged } =
                run(&self.searching.pool, &wanted, query.as_ref()).await?;
            if hits.is_empty() {
                return self.nothing(tenant, lookup).await;
            }
            if unchanged != lookup.collections.len() as u64 {
                return Ok(None);
            }
            let is_short = (hits.len() as u64) < u64::from(lookup.top_k) || goes_on;
            if is_short && rows >= read && read < all {
                read = all;
                continue;
            }
            let expected: u64 = parts.iter().map(|part| part.size.min(candidates.into())).sum();
            if !by_vectors || parts.iter().all(|part| part.exact) || nearby >= expected {
                return Ok(Some(hits));
            }
            // The index gave up: few of the matching chunks are near the query.
            parts.iter_mut().for_each(|part| part.exact = true);
        }
    }
}

impl Postgres {
    /// No hits, provided that the collections still use the lookup's models.
    async fn nothing(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let names: Vec<String> = lookup.collections.iter().map(|one| one.name.clone()).collect();
        let now = self.searchable(tenant, &names).await?;
        Ok(lookup.collections.iter().all(|one| now.contains(one)).then(Vec::new))
    }
}

#[derive(Debug, Default)]
struct Run {
    hits: Vec<Hit>,
    /// Hits before those with equal texts became one.
    rows: u32,
    /// Whether the last row has the text of a hit, so that rows after it may have it too.
    goes_on: bool,
    nearby: u64,
    /// Number of collections that use the lookup's model; unknown without hits.
    unchanged: u64,
}

async fn run(pool: &PgPool, wanted: &Wanted<'_>, query: Option<&Query>) -> Result<Run, StoreError> {
    let statement = statement::search(wanted)?;
    // The best plan depends on how rare the words are, so these statements are planned each time.
    let is_kept = wanted.terms.is_none();
    let found = sqlx::query_with(AssertSqlSafe(statement.sql), statement.arguments).persistent(is_kept);
    let rows = found.fetch_all(pool).await?;
    let Some(first) = rows.first() else { return Ok(Run::default()) };
    let number = |name| Ok::<_, sqlx::Error>(u64::try_from(first.try_get::<i64, _>(name)?).unwrap_or_default());
    let (nearby, unchanged) = (number("nearby")?, number("unchanged")?);
    let mut hits = collapsed(rows.iter().map(hit).collect::<Result<_, _>>()?);
    hits.truncate(usize::try_from(wanted.lookup.top_k).unwrap_or(usize::MAX));
    let last: String = rows.last().unwrap_or(first).try_get("text")?;
    let goes_on = hits.iter().any(|hit| hit.text == last);
    if let Some(query) = query {
        mark(&mut hits, &rows, query)?;
    }
    Ok(Run { hits, rows: u32::try_from(rows.len()).unwrap_or(u32::MAX), goes_on, nearby, unchanged })
}

/// Marks the words of a query in the texts.
fn mark(hits: &mut [Hit], rows: &[PgRow], query: &Query) -> Result<(), sqlx::Error> {
    let language = |row: &PgRow| Ok::<(i64, String), sqlx::Error>((row.try_get("id")?, row.try_get("language")?));
    let languages = rows.iter().map(language).collect::<Result<HashMap<_, _>, _>>()?;
    for hit in hits {
        let language = languages.get(&hit.chunk).map_or("simple", String::as_str);
        hit.highlights = highlights(&hit.text, language, query);
    }
    Ok(())
}

fn searchable(row: &PgRow) -> Result<Searchable, StoreError> {
    Ok(Searchable { name: row.try_get("name")?, model: models::read(row, "model")? })
}

fn hit(row: &PgRow) -> Result<Hit, sqlx::Error> {
    let rank =
        |name| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(name)?.and_then(|rank| u32::try_from(rank).ok()));
    let exact: Option<bool> = row.try_get("exact")?;
    let explanation = Explanation {
        vector_rank: rank("vector_rank")?,
        cosine: row.try_get("cosine")?,
        scan: exact.map(|exact| if exact { Scan::Exact } else { Scan::Index }),
        text_rank: rank("text_rank")?,
        text_score: row.try_get("text_score")?,
        fused: row.try_get("fused")?,
        rerank_score: None,
    };
    Ok(Hit {
        chunk: row.try_get("id")?,
        document: row.try_get::<Uuid, _>("document_id")?,
        collection: row.try_get("collection")?,
        source: row.try_get("source")?,
        title: row.try_get("title")?,
        url: row.try_get("url")?,
        path: row.try_get("path")?,
        text: row.try_get("text")?,
        metadata: fields(row.try_get::<Value, _>("metadata")?),
        published_at: row.try_get::<Option<DateTime<Utc>>, _>("published_at")?,
        score: row.try_get::<Option<f64>, _>("final")?.unwrap_or_default(),
        highlights: Vec::new(),
        also_in: Vec::new(),
        explanation: Some(explanation),
    })
}
