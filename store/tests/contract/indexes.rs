//! Vector indexes: created for enough chunks, rebuilt after a crash, dropped when useless.

use ruche_schemas::{config, vectors::index_name};
use ruche_services::testing;
use ruche_store::{
    indexes::{Indexes as _, Reconciled},
    postgres::Postgres,
};
use sqlx::{self, AssertSqlSafe, Executor as _, PgPool, postgres::PgPoolOptions};

use super::support::in_schema;

async fn start() -> (Postgres, PgPool) {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("indexes"));
    let store = in_schema(url.clone(), schema.clone()).await;
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    let options = options.options([("search_path", &*schema)]);
    let beside = PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
    (store, beside)
}

fn settings() -> config::Search {
    config::Search { index_from: 100, index_memory_mb: 16, index_workers: 0, ..config::Search::default() }
}

/// Returns the id of a new model with chunks.
async fn model(db: &PgPool, name: &str, dimensions: i32, chunks: i32) -> i32 {
    let insert = "INSERT INTO embedding_models (name, version, dimensions) VALUES ($1, '1', $2) RETURNING id";
    let model: i32 = sqlx::query_scalar(insert).bind(name).bind(dimensions).fetch_one(db).await.unwrap();
    db.execute("INSERT INTO collections (tenant, name) VALUES ('acme', 'docs') ON CONFLICT DO NOTHING").await.unwrap();
    let document = "
        INSERT INTO documents (id, tenant, collection, source, language, format, content, hash, job_id, accepted_at, updated_at)
        SELECT md5($1)::uuid, 'acme', 'docs', $1, 'simple', 'text', '', decode(repeat('00', 32), 'hex'), md5($1)::uuid, now(), now()";
    sqlx::query(document).bind(name).execute(db).await.unwrap();
    let rows = "
        INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, embedding)
        SELECT md5($1)::uuid, $2, g, 'acme', 'docs', '{}', 'x', 1, decode(repeat('00', 32), 'hex'), ''::tsvector,
          (SELECT array_agg((hashint4(g * 8192 + i) % 1000)::real) FROM generate_series(1, $3) i)::public.vector
        FROM generate_series(1, $4) g";
    sqlx::query(rows).bind(name).bind(model).bind(dimensions).bind(chunks).execute(db).await.unwrap();
    model
}

fn names(models: &[i32]) -> Vec<String> {
    models.iter().map(|model| index_name(*model)).collect()
}

#[tokio::test]
async fn an_index_is_made_once_there_are_enough_chunks_and_dropped_with_the_last() {
    let (store, db) = start().await;
    let (few, many) = (model(&db, "few", 3, 99).await, model(&db, "many", 8, 100).await);
    let long = model(&db, "long", 4001, 100).await;
    assert_eq!(
        store.reconcile_indexes(&settings()).await.unwrap(),
        Reconciled { created: names(&[many]), dropped: vec![] }
    );
    assert_eq!(store.reconcile_indexes(&settings()).await.unwrap(), Reconciled::default(), "and not again");
    let definition = format!(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname = '{}'",
        index_name(many)
    );
    let definition: String = sqlx::query_scalar(AssertSqlSafe(definition)).fetch_one(&db).await.unwrap();
    for part in ["hnsw", "halfvec(8)", "halfvec_cosine_ops", "m='16'", "ef_construction='128'"] {
        assert!(definition.contains(part), "{part}: {definition}");
    }
    assert!(definition.ends_with(&format!("(model_id = {many})")), "{definition}");
    sqlx::query("DELETE FROM chunks WHERE model_id = $1").bind(many).execute(&db).await.unwrap();
    assert_eq!(
        store.reconcile_indexes(&settings()).await.unwrap(),
        Reconciled { created: vec![], dropped: names(&[many]) }
    );
    let lower = config::Search { index_from: 99, ..settings() };
    assert_eq!(store.reconcile_indexes(&lower).await.unwrap().created, names(&[few]), "{long} has too many numbers");
}

#[tokio::test]
async fn what_a_crash_left_is_made_anew_and_a_model_that_cannot_have_one_holds_up_no_other() {
    let (store, db) = start().await;
    let (mixed, good) = (model(&db, "mixed", 3, 100).await, model(&db, "good", 3, 100).await);
    // Vectors of two lengths: the build fails half-way and leaves an invalid index, like a crash.
    sqlx::query("UPDATE chunks SET embedding = '[1,2]'::public.vector WHERE model_id = $1 AND position = 50")
        .bind(mixed)
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(store.reconcile_indexes(&settings()).await.unwrap().created, names(&[good]));
    let left = "SELECT count(*) FROM pg_index WHERE indrelid = 'chunks'::regclass AND NOT indisvalid";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&db).await.unwrap(), 1);
    sqlx::query("UPDATE chunks SET embedding = '[1,2,3]'::public.vector WHERE model_id = $1 AND position = 50")
        .bind(mixed)
        .execute(&db)
        .await
        .unwrap();
    let reconciled = store.reconcile_indexes(&settings()).await.unwrap();
    assert_eq!(reconciled, Reconciled { created: names(&[mixed]), dropped: names(&[mixed]) });
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn one_process_at_a_time_is_at_it() {
    let (store, db) = start().await;
    let model = model(&db, "m", 3, 100).await;
    let lock = "SELECT pg_advisory_lock(hashtextextended(current_schema() || ' indexes over vectors', 0))";
    let mut other = db.acquire().await.unwrap().detach();
    sqlx::query(lock).execute(&mut other).await.unwrap();
    assert_eq!(store.reconcile_indexes(&settings()).await.unwrap(), Reconciled::default());
    sqlx::Connection::close(other).await.unwrap();
    // The server releases the lock a moment after the connection has ended.
    let created = async {
        loop {
            let reconciled = store.reconcile_indexes(&settings()).await.unwrap();
            if reconciled != Reconciled::default() {
                return reconciled.created;
            }
        }
    };
    assert_eq!(tokio::time::timeout(std::time::Duration::from_secs(60), created).await.unwrap(), names(&[model]));
}
