//! Search in many chunks: the index's recall, and the API's rate beside the same SQL by the driver, and beside the
//! leanest SQL that finds and reads the same.
//!
//! Chunks and queries lie around centres, as texts do around their subjects. Chunks are loaded by COPY, and then the
//! worker's own code makes the index, as for a bulk load. The true hits come from a comparison with all vectors, in
//! SQL of this benchmark. Recall is the share of the ten nearest that the API gives. One hundredth of the documents
//! pass the filter.

mod load;
pub mod quality;
pub mod raw;
mod store;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use ruche_schemas::config::{self, Secret};
use ruche_store::{
    indexes::Indexes as _,
    postgres::{Application, Postgres},
};
use sea_orm::sqlx::PgPool;
use serde_json::{Value, json};

use crate::{
    servers::{self, Servers},
    system::System,
    table::{Latencies, table},
};

/// Hits that count.
const TOP_K: usize = 10;
/// Connections of the raw driver: as many as a gateway has.
const CONNECTIONS: u32 = 10;
/// How long each row of the table is measured.
const MEASURED: Duration = Duration::from_secs(10);
/// Untimed queries before: connections are open, statements prepared, pages read.
const WARM: usize = 200;

#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub chunks: usize,
    pub dimensions: usize,
    pub queries: usize,
    pub clients: usize,
}

pub async fn measure(wanted: Wanted) -> Result<()> {
    ensure!(wanted.chunks >= 1000 && wanted.queries > 0 && wanted.clients > 0, "there is too little to measure");
    let servers = servers::start_with(settings()).await?;
    let system = System::gateway(&servers).await?;
    let pool = raw::pool(&servers.postgres, &system.name, CONNECTIONS).await?;
    let start = Instant::now();
    load::load(&pool, wanted.chunks, wanted.dimensions).await?;
    println!(
        "{} chunks of {} numbers: loaded in {:.1} s",
        wanted.chunks,
        wanted.dimensions,
        start.elapsed().as_secs_f64()
    );
    index(&servers, &system, &pool).await?;
    let queries = load::queries(wanted.chunks, wanted.dimensions, wanted.queries);
    let mut rows = table(&["what", "recall@10", "p50 ms", "p99 ms", "queries/s", "of raw", "of the same SQL"]);
    for (name, filter) in [("all chunks", None), ("1 % of them", Some(load::FILTERED))] {
        let truth = truth(&pool, &queries, filter).await?;
        let driver = raw::Driver { pool: &pool, dimensions: wanted.dimensions, filter };
        let of_raw = recall(&truth, &queries, async |query| driver.search(query).await).await?;
        let raw = rate(&queries, wanted.clients, async |query| driver.search(query).await).await?;
        rows.add_row(row(&format!("{name}, raw driver"), Some(of_raw), &raw, (1.0, f64::NAN)));
        let store = store::Store::open(&servers.postgres, &system.name, CONNECTIONS, filter).await?;
        let same = rate(&queries, wanted.clients, async |query| store.search(query).await).await?;
        let of_same = recall(&truth, &queries, async |query| store.search(query).await).await?;
        let ratios = (same.per_second / raw.per_second, 1.0);
        rows.add_row(row(&format!("{name}, the search's SQL by the driver"), Some(of_same), &same, ratios));
        let api = Api { system: &system, filter, words: None };
        let of_api = recall(&truth, &queries, async |query| api.search(query).await).await?;
        let answered = rate(&queries, wanted.clients, async |query| api.search(query).await).await?;
        rows.add_row(row(
            &format!("{name}, POST /v1/search"),
            Some(of_api),
            &answered,
            (answered.per_second / raw.per_second, answered.per_second / same.per_second),
        ));
    }
    let api = Api { system: &system, filter: None, words: Some(load::QUESTION) };
    let both = rate(&queries, wanted.clients, async |query| api.search(query).await).await?;
    rows.add_row(row("all chunks, hybrid, POST /v1/search", None, &both, (f64::NAN, f64::NAN)));
    println!("\n{} queries, {} clients\n\n{rows}", wanted.queries, wanted.clients);
    Ok(())
}

/// A database with room for the vectors in its memory; as durable as by default.
fn settings() -> Vec<(&'static str, String)> {
    vec![("shared_buffers", "2GB".to_owned()), ("max_wal_size", "4GB".to_owned())]
}

/// Makes the index as the worker does, and prints its duration and size.
async fn index(servers: &Servers, system: &System, pool: &PgPool) -> Result<()> {
    let (url, schema) = (Secret(servers.postgres.clone()), system.name.clone());
    let worker = Postgres::connect(&config::Postgres { url, schema, connections: 2 }, Application::WORKER)?;
    let settings = config::Search { index_from: 1, index_memory_mb: 4096, ..config::Search::default() };
    let start = Instant::now();
    let reconciled = worker.reconcile_indexes(&settings).await?;
    let name = reconciled.created.first().context("no index was made")?;
    let bytes = raw::size(pool, name).await?;
    println!(
        "the index: m = {}, ef_construction = {}, {:.0} MiB, made in {:.1} s; ef_search = {}",
        settings.index_m,
        settings.index_ef_construction,
        bytes as f64 / f64::from(1 << 20),
        start.elapsed().as_secs_f64(),
        settings.ef_search
    );
    worker.close().await;
    raw::vacuum(pool).await
}

async fn truth(pool: &PgPool, queries: &[Vec<f32>], filter: Option<&str>) -> Result<Vec<Vec<i64>>> {
    stream::iter(queries).map(|query| raw::exact(pool, query, filter)).buffered(2).try_collect().await
}

async fn recall(
    truth: &[Vec<i64>],
    queries: &[Vec<f32>],
    search: impl AsyncFn(&[f32]) -> Result<Vec<i64>>,
) -> Result<f64> {
    let (mut found, mut all) = (0, 0);
    for (truth, query) in truth.iter().zip(queries) {
        let hits = search(query).await?;
        found += truth.iter().filter(|chunk| hits.contains(chunk)).count();
        all += truth.len();
    }
    Ok(found as f64 / all.max(1) as f64)
}

struct Rate {
    latencies: Latencies,
    per_second: f64,
}

/// Each client sends one query after the other.
async fn rate(queries: &[Vec<f32>], clients: usize, search: impl AsyncFn(&[f32]) -> Result<Vec<i64>>) -> Result<Rate> {
    for query in queries.iter().cycle().take(WARM) {
        search(query).await?;
    }
    let start = Instant::now();
    let client = async |first: usize| {
        let mut times = Vec::new();
        for query in queries.iter().cycle().skip(first) {
            if start.elapsed() >= MEASURED {
                break;
            }
            let sent = Instant::now();
            search(query).await?;
            times.push(sent.elapsed());
        }
        anyhow::Ok(times)
    };
    let all = futures::future::try_join_all((0..clients).map(|number| client(number * 7))).await?;
    let seconds = start.elapsed().as_secs_f64();
    let mut latencies = Latencies::default();
    all.iter().flatten().for_each(|time| latencies.add(*time));
    Ok(Rate { latencies, per_second: all.iter().map(Vec::len).sum::<usize>() as f64 / seconds })
}

fn row(name: &str, recall: Option<f64>, rate: &Rate, (of_raw, of_same): (f64, f64)) -> [String; 7] {
    let number = |value: f64, digits: usize| if value.is_nan() { String::new() } else { format!("{value:.digits$}") };
    [
        name.to_owned(),
        number(recall.unwrap_or(f64::NAN), 4),
        rate.latencies.ms(0.5),
        rate.latencies.ms(0.99),
        number(rate.per_second, 0),
        number(of_raw, 2),
        number(of_same, 2),
    ]
}

struct Api<'a> {
    system: &'a System,
    filter: Option<&'a str>,
    words: Option<&'a str>,
}

impl Api<'_> {
    async fn search(&self, vector: &[f32]) -> Result<Vec<i64>> {
        let mut body = json!({ "collection": load::COLLECTION, "top_k": TOP_K });
        if let Some(words) = self.words {
            body["query"] = json!(words);
        }
        if let Some(filter) = self.filter {
            body["filter"] = json!({ "metadata": serde_json::from_str::<Value>(filter)? });
        }
        let System { url, key, client, .. } = self.system;
        // Single precision, as `POST /v1/embeddings` writes it: a `Value` would have longer numbers.
        let vector = serde_json::to_string(vector)?;
        let rest = body.to_string();
        let body = format!("{{\"vector\":{vector},{}", &rest[1..]);
        let found = post(client, &format!("{url}/v1/search"), key, body).await?;
        let hits = found["data"].as_array().context("no hits")?;
        Ok(hits.iter().filter_map(|hit| hit["chunk"].as_i64()).collect())
    }
}

async fn post(client: &Client, url: &str, key: &str, body: String) -> Result<Value> {
    let request = client.post(url).bearer_auth(key).header("content-type", "application/json").body(body);
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text)?)
}
