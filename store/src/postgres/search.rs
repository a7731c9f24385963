//! Search in Postgres. What the statement depends on is asked for first (`scope`, `words`), since it decides how the nearest
//! vectors are found: one by one where few chunks come into question, by the index where there are many.
//!
//! **Filters.** An index gives the nearest of everybody's chunks, and the filter takes away what is not asked for, another
//! tenant's too. So it goes on until there are enough (`hnsw.iterative_scan`); where it gives up before, and where the filter
//! leaves only few, they are compared one by one, so that a filter never costs hits.

mod scope;
mod statement;
mod words;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{TenantId, config};

use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection as _, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use serde_json::Value;
use uuid::Uuid;

use super::gateway::{CONNECT, Postgres, STATEMENT};
use crate::{
    jobs::StoreError,
    search::Search,
    search::{EmbeddingModel, Explanation, Hit, Lookup, Mode, Scan, Searchable},
};
use statement::{MARKS, Wanted};

/// The fewest of each ranking that are fused.
const CANDIDATES: u32 = 50;
/// Chunks that the index looks at before it gives up.
const SCANNED: u32 = 40_000;

/// A connection that has rested for longer is asked whether it still is one.
const RESTED: Duration = Duration::from_secs(1);

/// How it is searched, and what is remembered for that.
#[derive(Debug)]
pub(super) struct Searching {
    settings: config::Search,
    memory: scope::Memory,
    /// How to connect, without what is set for searches.
    options: PgConnectOptions,
    /// Connections that are set up for searches, so that a search is one statement and no transaction around it.
    pool: PgPool,
}

impl Searching {
    /// Prepares connections; none is made yet.
    pub(super) fn new(database: &config::Postgres) -> Result<Self, StoreError> {
        let options: PgConnectOptions = database.url.0.parse().map_err(failed)?;
        let statement_timeout = STATEMENT.as_millis().to_string();
        let own = [("search_path", database.schema.as_str()), ("statement_timeout", &statement_timeout)];
        let options = options.options(own).application_name("ruche-gateway");
        Ok(Self::with(config::Search::default(), options, database.connections))
    }

    fn with(settings: config::Search, options: PgConnectOptions, connections: u32) -> Self {
        // At least as many as are fused of a ranking; where more are wanted, the scan goes on (hnsw.iterative_scan).
        let (ef_search, scanned) = (settings.ef_search.max(CANDIDATES).to_string(), SCANNED.to_string());
        let own = options.clone().options([
            ("jit", "off"),
            ("hnsw.ef_search", ef_search.as_str()),
            ("hnsw.iterative_scan", "relaxed_order"),
            ("hnsw.max_scan_tuples", &scanned),
            // The index gives its order; without this, a small table is read and sorted instead.
            ("enable_sort", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECT)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move { Ok(about.idle_for < RESTED || connection.ping().await.is_ok()) })
            })
            .connect_lazy_with(own);
        Self { settings, memory: scope::Memory::default(), options, pool }
    }
}

const SEARCHABLE: &str = "
SELECT c.name, m.id, m.name AS model, m.version, m.dimensions
FROM collections c LEFT JOIN embedding_models m ON m.id = c.model_id
WHERE c.tenant = $1 AND c.name = ANY($2)";

#[async_trait]
impl Search for Postgres {
    async fn searchable(&self, tenant: &TenantId, names: &[String]) -> Result<Vec<Searchable>, StoreError> {
        let asked = sqlx::query(SEARCHABLE).bind(tenant.as_str()).bind(names);
        let rows = asked.fetch_all(self.pool()).await.map_err(failed)?;
        rows.iter().map(searchable).collect::<Result<_, _>>().map_err(failed)
    }

    async fn search(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let Searching { settings, memory, .. } = &*self.1;
        let pool = self.pool();
        let mut parts = memory.sized(pool, settings, tenant, lookup).await?;
        if parts.is_empty() || parts.iter().all(|part| part.size == 0) {
            return self.nothing(tenant, lookup).await;
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
            let by_vectors = wanted.by_vectors();
            let Run { hits, nearby, unchanged } = run(&self.1.pool, &wanted).await?;
            if hits.is_empty() {
                return self.nothing(tenant, lookup).await;
            }
            if unchanged != lookup.collections.len() as u64 {
                return Ok(None);
            }
            let expected: u64 = parts.iter().map(|part| part.size.min(candidates.into())).sum();
            if !by_vectors || parts.iter().all(|part| part.exact) || nearby >= expected {
                return Ok(Some(hits));
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
        let (options, connections) = (self.1.options.clone(), self.1.pool.options().get_max_connections());
        self.1 = Arc::new(Searching::with(settings, options, connections));
        self
    }

    /// No hits, where the collections still are what the lookup says.
    async fn nothing(&self, tenant: &TenantId, lookup: &Lookup) -> Result<Option<Vec<Hit>>, StoreError> {
        let names: Vec<String> = lookup.collections.iter().map(|one| one.name.clone()).collect();
        let now = self.searchable(tenant, &names).await?;
        Ok(lookup.collections.iter().all(|one| now.contains(one)).then(Vec::new))
    }

    fn pool(&self) -> &PgPool {
        self.0.get_postgres_connection_pool()
    }
}

/// What the statement gave.
#[derive(Debug, Default)]
struct Run {
    hits: Vec<Hit>,
    /// How many vectors were ranked.
    nearby: u64,
    /// How many of the collections are searched with the model that the lookup says; unknown where there are no hits.
    unchanged: u64,
}

/// Runs the statement.
async fn run(pool: &PgPool, wanted: &Wanted<'_>) -> Result<Run, StoreError> {
    let statement = statement::search(wanted)?;
    // Which plan is good depends on how rare the words are, so those are planned each time.
    let is_kept = wanted.terms.is_none();
    let found = sqlx::query_with(AssertSqlSafe(statement.sql), statement.arguments).persistent(is_kept);
    let rows = found.fetch_all(pool).await.map_err(failed)?;
    let Some(first) = rows.first() else { return Ok(Run::default()) };
    let number = |name| Ok::<_, sqlx::Error>(u64::try_from(first.try_get::<i64, _>(name)?).unwrap_or_default());
    let (nearby, unchanged) = (number("nearby").map_err(failed)?, number("unchanged").map_err(failed)?);
    let hits = rows.iter().map(hit).collect::<Result<_, _>>().map_err(failed)?;
    Ok(Run { hits, nearby, unchanged })
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
    Ok(Searchable { name: row.try_get("name")?, model })
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
