//! Vector indexes: HNSW over half precision, a partial index per model (`schemas::vectors`), built without blocking
//! writers (`CONCURRENTLY`) on its own connection with no statement timeout and more memory. One process at a time:
//! an advisory lock, released with the connection, is tried and never waited for, because the index build would wait
//! for the waiter. An invalid index while nobody builds was left by a crash; it is dropped and rebuilt.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ruche_schemas::{
    config,
    vectors::{MAX_INDEXED_DIMENSIONS, index_name},
};

use sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tracing::{info, warn};

use super::{handle::Postgres, locks};
use crate::{
    error::StoreError,
    indexes::{Indexes, Reconciled},
};

/// Models with their chunk counts; an index that covers all chunks serves the counts.
const MODELS: &str = "
SELECT m.id, m.dimensions, coalesce(c.chunks, 0) AS chunks
FROM embedding_models m LEFT JOIN (SELECT model_id, count(*) AS chunks FROM chunks GROUP BY model_id) c ON c.model_id = m.id
ORDER BY m.id";

const INDEXES: &str = "
SELECT k.relname::text AS name, i.indisvalid AS valid
FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_am a ON a.oid = k.relam
WHERE i.indrelid = 'chunks'::regclass AND a.amname = 'hnsw' AND k.relname ~ '^chunks_embedding_[0-9]+$'
ORDER BY k.relname";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    id: i32,
    dimensions: u32,
    chunks: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Drop(String),
    Make(Model),
}

#[async_trait]
impl Indexes for Postgres {
    async fn reconcile_indexes(&self, settings: &config::Search) -> Result<Reconciled, StoreError> {
        // Detached from the pool: its settings suit no other caller, and closing it releases the lock.
        let mut connection = self.pool().acquire().await?.detach();
        let reconciled = reconcile(&mut connection, settings).await;
        let _ = connection.close().await;
        Ok(reconciled?)
    }
}

async fn reconcile(connection: &mut PgConnection, settings: &config::Search) -> Result<Reconciled, sqlx::Error> {
    if !locks::try_indexes(connection).await? {
        return Ok(Reconciled::default());
    }
    let reconciled = put_right(connection, settings).await;
    locks::release_indexes(connection).await;
    reconciled
}

async fn put_right(connection: &mut PgConnection, settings: &config::Search) -> Result<Reconciled, sqlx::Error> {
    let mut reconciled = Reconciled::default();
    let set = format!(
        "SET statement_timeout = 0; SET maintenance_work_mem = '{}MB'; SET max_parallel_maintenance_workers = {}",
        settings.index_memory_mb, settings.index_workers
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(set))).await?;
    let models = models(connection).await?;
    let indexes = sqlx::query(INDEXES).fetch_all(&mut *connection).await?;
    let indexes = indexes.iter().map(|row| Ok((row.try_get("name")?, row.try_get("valid")?)));
    for step in steps(&models, &indexes.collect::<Result<_, sqlx::Error>>()?, settings.index_from.into()) {
        let name = match &step {
            Step::Drop(name) => name.clone(),
            Step::Make(model) => index_name(model.id),
        };
        match step {
            Step::Drop(_) => {
                info!(index = name, "dropping an index over vectors that is unfinished or of no use");
                run(connection, format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")).await?;
                reconciled.dropped.push(name);
            }
            Step::Make(model) => {
                info!(index = name, chunks = model.chunks, "making an index over vectors");
                if let Err(error) = make(connection, model, settings).await {
                    // Other models may succeed. An unfinished index is dropped by the next run.
                    warn!(index = name, %error, "the index over vectors can't be made");
                    continue;
                }
                reconciled.created.push(name);
            }
        }
    }
    if !reconciled.created.is_empty() {
        // After a bulk load the statistics of words are missing.
        run(connection, "ANALYZE chunks".to_owned()).await?;
    }
    Ok(reconciled)
}

async fn models(connection: &mut PgConnection) -> Result<Vec<Model>, sqlx::Error> {
    let rows = sqlx::query(MODELS).fetch_all(connection).await?;
    let model = |row: &sqlx::postgres::PgRow| {
        let (dimensions, chunks): (i32, i64) = (row.try_get("dimensions")?, row.try_get("chunks")?);
        let (dimensions, chunks) = (u32::try_from(dimensions).unwrap_or(0), u64::try_from(chunks).unwrap_or(0));
        Ok(Model { id: row.try_get("id")?, dimensions, chunks })
    };
    rows.iter().map(model).collect()
}

async fn make(connection: &mut PgConnection, model: Model, settings: &config::Search) -> Result<(), sqlx::Error> {
    let (name, Model { id, dimensions, .. }) = (index_name(model.id), model);
    let config::Search { index_m: m, index_ef_construction: candidates, .. } = settings;
    let made = format!(
        "CREATE INDEX CONCURRENTLY {name} ON chunks \
         USING hnsw ((embedding::public.halfvec({dimensions})) public.halfvec_cosine_ops) \
         WITH (m = {m}, ef_construction = {candidates}) WHERE model_id = {id}"
    );
    run(connection, made).await
}

/// Runs a statement that can't be in a transaction.
async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop)
}

/// The steps to do, drops first.
fn steps(models: &[Model], indexes: &BTreeMap<String, bool>, from: u64) -> Vec<Step> {
    let of = |name: &String| models.iter().find(|model| index_name(model.id) == *name);
    let is_good = |name: &String| of(name).is_some_and(|model| model.chunks > 0);
    let useless = indexes.iter().filter(|(name, valid)| !**valid || !is_good(name));
    let mut steps: Vec<Step> = useless.map(|(name, _)| Step::Drop(name.clone())).collect();
    let is_wanted = |model: &&Model| {
        let has = indexes.get(&index_name(model.id)).is_some_and(|valid| *valid);
        !has && model.chunks >= from && (1..=MAX_INDEXED_DIMENSIONS).contains(&model.dimensions)
    };
    steps.extend(models.iter().filter(is_wanted).map(|model| Step::Make(*model)));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: i32, chunks: u64) -> Model {
        Model { id, dimensions: 384, chunks }
    }

    fn named<const N: usize>(indexes: [(&str, bool); N]) -> BTreeMap<String, bool> {
        indexes.into_iter().map(|(name, valid)| (name.to_owned(), valid)).collect()
    }

    #[test]
    fn an_index_is_made_for_a_model_with_enough_chunks_and_only_once() {
        let models = [model(1, 100), model(2, 99), model(3, 500)];
        assert_eq!(steps(&models, &named([("chunks_embedding_3", true)]), 100), [Step::Make(models[0])]);
        let long = Model { dimensions: MAX_INDEXED_DIMENSIONS + 1, ..model(4, 1000) };
        assert_eq!(steps(&[long], &named([]), 100), []);
    }

    #[test]
    fn what_a_crash_left_is_made_anew_and_what_is_of_no_use_is_dropped() {
        let models = [model(1, 100), model(2, 0)];
        let indexes =
            named([("chunks_embedding_1", false), ("chunks_embedding_2", true), ("chunks_embedding_9", true)]);
        let drop = |id: i32| Step::Drop(index_name(id));
        assert_eq!(steps(&models, &indexes, 100), [drop(1), drop(2), drop(9), Step::Make(models[0])]);
    }

    #[test]
    fn an_index_stays_while_its_model_has_chunks_though_they_became_fewer() {
        assert_eq!(steps(&[model(1, 5)], &named([("chunks_embedding_1", true)]), 100), []);
    }
}
