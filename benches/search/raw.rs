//! The same by the raw driver: SQLx with a prepared statement, and settings made once per connection.

use anyhow::{Context, Result};
use ruche_schemas::config;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{TOP_K, load::COLLECTION};

/// A pool whose connections have a search's settings.
pub async fn pool(url: &str, schema: &str, connections: u32) -> Result<PgPool> {
    let options: PgConnectOptions = url.parse()?;
    let ef_search = config::Search::default().ef_search.to_string();
    let options = options.options([
        ("search_path", schema),
        ("jit", "off"),
        ("hnsw.ef_search", &ef_search),
        ("hnsw.iterative_scan", "relaxed_order"),
        ("hnsw.max_scan_tuples", "40000"),
    ]);
    Ok(PgPoolOptions::new().max_connections(connections).test_before_acquire(false).connect_with(options).await?)
}

pub struct Driver<'a> {
    pub pool: &'a PgPool,
    pub dimensions: usize,
    pub filter: Option<&'a str>,
}

impl Driver<'_> {
    /// The chunks of the hits, with all that the API returns. Filtered chunks are compared one by one, as the API
    /// does.
    pub async fn search(&self, query: &[f32]) -> Result<Vec<i64>> {
        let dimensions = self.dimensions;
        let near = match self.filter {
            None => format!(
                "SELECT c.id, c.embedding OPERATOR(public.<=>) (SELECT $1::public.vector) AS distance FROM (SELECT c.id, c.embedding \
                 FROM chunks c WHERE c.model_id = 1 AND c.tenant = 'bench' AND c.collection = ANY($2) \
                 ORDER BY (c.embedding::public.halfvec({dimensions})) OPERATOR(public.<=>) \
                   (SELECT $1::public.vector::public.halfvec({dimensions})) LIMIT 50) c"
            ),
            Some(filter) => format!(
                "SELECT c.id, c.embedding OPERATOR(public.<=>) (SELECT $1::public.vector) AS distance \
                 FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.model_id = 1 AND c.tenant = 'bench' \
                 AND c.collection = ANY($2) AND d.tenant = 'bench' AND d.metadata @> '{filter}' ORDER BY distance, c.id LIMIT 50"
            ),
        };
        let sql = format!(
            "WITH near AS MATERIALIZED ({near}), best AS (SELECT id, distance FROM near ORDER BY distance, id LIMIT {TOP_K}) \
             SELECT b.id, b.distance, c.document_id, c.collection, c.path, c.text, d.source, d.title, d.url, d.metadata, d.published_at \
             FROM best b JOIN chunks c ON c.id = b.id JOIN documents d ON d.id = c.document_id ORDER BY b.distance, b.id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(query).bind(vec![COLLECTION]).fetch_all(self.pool).await?;
        rows.iter().map(|row| Ok(sqlx::Row::try_get(row, "id")?)).collect()
    }
}

/// Compares all vectors.
pub async fn exact(pool: &PgPool, query: &[f32], filter: Option<&str>) -> Result<Vec<i64>> {
    let passes = filter.map_or_else(String::new, |filter| {
        format!("WHERE document_id IN (SELECT id FROM documents WHERE metadata @> '{filter}')")
    });
    let sql = format!(
        "SELECT id FROM chunks {passes} ORDER BY embedding OPERATOR(public.<=>) $1::public.vector, id LIMIT {TOP_K}"
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(query).fetch_all(pool).await?)
}

/// In bytes.
pub async fn size(pool: &PgPool, index: &str) -> Result<i64> {
    let size = sqlx::query_scalar("SELECT pg_relation_size($1::text::regclass)").bind(index).fetch_one(pool).await;
    size.context("the index can't be measured")
}

/// What autovacuum does some time after a load.
pub async fn vacuum(pool: &PgPool) -> Result<()> {
    pool.execute("VACUUM ANALYZE chunks").await?;
    pool.execute("VACUUM ANALYZE documents").await?;
    Ok(())
}
