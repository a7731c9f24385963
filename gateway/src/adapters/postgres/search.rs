//! Search in Postgres. What the statement depends on is asked for first (`scope`, `words`), since it decides how the nearest
//! vectors are found: one by one where few chunks come into question, by the index where there are many.
//!
//! **Filters.** An index gives the nearest of everybody's chunks, and the filter takes away what is not asked for, another
//! tenant's too. So it goes on until there are enough (`hnsw.iterative_scan`); where it gives up before, and where the filter
//! leaves only few, they are compared one by one, so that a filter never costs hits.

mod scope;
mod statement;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, config};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool, Row as _, postgres::PgRow};
use serde_json::Value;
use uuid::Uuid;

use super::Postgres;
use crate::ports::{
    Search, StoreError,
    search::{EmbeddingModel, Explanation, Hit, Lookup, Mode, Scan, Searchable},
};
use statement::{MARKS, Wanted};

/// The fewest of each ranking that are fused.
const CANDIDATES: u32 = 50;
/// Chunks that the index looks at before it gives up.
const SCANNED: u32 = 40_000;

/// How it is searched, and what is remembered for that.
#[derive(Debug, Default)]
pub(super) struct Searching {
    settings: config::Search,
    memory: scope::Memory,
}

impl Searching {
    pub(super) fn new(settings: config::Search) -> Self {
        Self { settings, memory: scope::Memory::default() }
    }
}

const SEARCHABLE: &str = "
SELECT c.name, c.next_model_id IS NOT NULL AS moving, m.id, m.name AS model, m.version, m.dimensions
FROM collections c LEFT JOIN embedding_models m ON m.id = c.model_id
WHERE c.tenant = $1 AND c.name = ANY($2)";

#[async_trait]
impl Search for Postgres {
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError> {
        let asked = sqlx::query(SEARCHABLE).bind(tenant.as_str()).bind(names);
        let rows = asked.fetch_all(self.pool()).await.map_err(failed)?;
        rows.iter().map(searchable).collect::<Result<_, _>>().map_err(failed)
    }

    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Vec<Hit>, StoreError> {
        let Searching { settings, memory } = &*self.1;
        let pool = self.pool();
        let mut parts = memory.sized(pool, settings, tenant, lookup).await?;
        if parts.is_empty() || parts.iter().all(|part| part.size == 0) {
            return Ok(Vec::new());
        }
        let total = parts.iter().map(|part| part.size).sum();
        let mut terms = None;
        if let Some(text) = lookup.text.as_ref().filter(|_| lookup.mode != Mode::Vector || lookup.highlight) {
            let lexemes = memory.lexemes(pool, tenant, &parts, &words::marked(text)).await?;
            terms = words::choose(&lexemes, &*memory.frequencies(pool).await?, total);
        }
        let candidates = CANDIDATES.max(2 * lookup.top_k);
        loop {
            let wanted = Wanted { tenant, lookup, parts: &parts, terms: terms.as_ref(), total, candidates };
            let (hits, nearby) = run(pool, &wanted, settings).await?;
            let expected: u64 = parts.iter().map(|part| part.size.min(candidates.into())).sum();
            let by_vectors = lookup.mode != Mode::Text && !lookup.probes.is_empty();
            if !by_vectors || parts.iter().all(|part| part.exact) || nearby >= expected {
                return Ok(hits);
            }
            // The index gave up: of what comes into question too little is near.
            parts.iter_mut().for_each(|part| part.exact = true);
        }
    }
}

impl Postgres {
    /// The same store, searched like this.
    #[must_use]
    pub fn with_search(mut self, settings: config::Search) -> Self {
        self.1 = Arc::new(Searching::new(settings));
        self
    }

    fn pool(&self) -> &PgPool {
        self.0.get_postgres_connection_pool()
    }
}

/// Runs the statement. The hits, and how many vectors were ranked.
async fn run(pool: &PgPool, wanted: &Wanted<'_>, settings: &config::Search) -> Result<(Vec<Hit>, u64), StoreError> {
    let statement = statement::search(wanted)?;
    let mut begin = "BEGIN READ ONLY; SET LOCAL jit = off".to_owned();
    if wanted.terms.is_some() {
        // Which plan is good depends on how rare the words are.
        begin += "; SET LOCAL plan_cache_mode = force_custom_plan";
    }
    if wanted.parts.iter().any(|part| !part.exact) {
        let ef_search = settings.ef_search.max(wanted.candidates).min(1000);
        // The index gives its order; without the last setting, a small table is read and sorted instead.
        begin += &format!(
            "; SET LOCAL hnsw.ef_search = {ef_search}; SET LOCAL hnsw.iterative_scan = relaxed_order; \
             SET LOCAL hnsw.max_scan_tuples = {SCANNED}; SET LOCAL enable_sort = off"
        );
    }
    let mut transaction = pool.begin_with(AssertSqlSafe(begin)).await.map_err(failed)?;
    let found = sqlx::query_with(AssertSqlSafe(statement.sql), statement.arguments);
    let rows = found.fetch_all(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    let nearby = rows.first().map(|row| row.try_get::<i64, _>("nearby")).transpose().map_err(failed)?;
    let hits = rows.iter().map(hit).collect::<Result<_, _>>().map_err(failed)?;
    Ok((hits, u64::try_from(nearby.unwrap_or_default()).unwrap_or_default()))
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError(error.to_string())
}

fn searchable(row: &PgRow) -> Result<Searchable, sqlx::Error> {
    let model = match row.try_get::<Option<i32>, _>("id")? {
        None => None,
        Some(id) => Some(EmbeddingModel {
            id,
            name: row.try_get("model")?,
            version: row.try_get("version")?,
            dimensions: u32::try_from(row.try_get::<i32, _>("dimensions")?).unwrap_or_default(),
        }),
    };
    Ok(Searchable { name: row.try_get("name")?, model, moving: row.try_get("moving")? })
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
    };
    let metadata = match row.try_get::<Value, _>("metadata")? {
        Value::Object(metadata) => metadata,
        _ => serde_json::Map::new(),
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
        metadata,
        published_at: row.try_get::<Option<DateTime<Utc>>, _>("published_at")?,
        score: row.try_get::<Option<f64>, _>("final")?.unwrap_or_default(),
        highlights: row.try_get::<Option<String>, _>("headline")?.map_or_else(Vec::new, |text| highlights(&text)),
        explanation: Some(explanation),
    })
}

/// The pieces that have a mark, as HTML.
fn highlights(headline: &str) -> Vec<String> {
    let [from, to, next] = MARKS;
    let pieces = headline.split(next).filter(|piece| piece.contains(from));
    let html = |piece: &str| {
        let mut html = String::with_capacity(piece.len() + 32);
        for c in piece.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c if c == from => html.push_str("<mark>"),
                c if c == to => html.push_str("</mark>"),
                c => html.push(c),
            }
        }
        html
    };
    pieces.map(html).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_highlighted_is_safe_within_a_page() {
        let [from, to, next] = MARKS;
        let headline = format!("a <script>{from}x{to}</script> & \"b\"{next}nothing here{next}{from}y{to}'s");
        let expected = ["a &lt;script&gt;<mark>x</mark>&lt;/script&gt; &amp; &quot;b&quot;", "<mark>y</mark>&#39;s"];
        assert_eq!(highlights(&headline), expected);
    }
}
