//! Documents from a client's POST to searchable chunks: real gateway, NATS, worker and Postgres.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool};
use serde_json::json;

use super::texts::SECTION;
use crate::{raw::per_second, search::raw, servers::Servers, system::System, table::table};

const AT_ONCE: usize = 16;
const SECTIONS: usize = 3;
/// How often it checks whether all are there.
const LOOK: Duration = Duration::from_secs(2);

pub async fn measure(servers: &Servers, system: &System, pages: usize) -> Result<()> {
    println!("{pages} Markdown pages of {SECTIONS} sections by POST /v1/documents, {AT_ONCE} at once.\n");
    let pool = raw::pool(&servers.postgres, &system.name, 1).await?;
    let (start, before) = (Instant::now(), system.memory());
    let all = stream::iter(0..pages).map(|page| async move { add(system, page).await });
    all.buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
    let accepted = start.elapsed();
    let mut most = system.memory();
    loop {
        let documents = count(&pool, "documents").await?;
        most = most.into_iter().zip(system.memory()).map(|(most, now)| most.max(now)).collect();
        if documents == pages {
            break;
        }
        eprintln!("{documents} of {pages} pages");
        tokio::time::sleep(LOOK).await;
    }
    let (took, chunks) = (start.elapsed(), count(&pool, "chunks").await?);
    let mut rows = table(&["pages", "chunks", "accepted pages/s", "pages/s", "chunks/s", "gateway MiB", "worker MiB"]);
    let grown = before.iter().zip(&most).map(|(before, most)| format!("{before} to {most}"));
    let rates = [per_second(pages, accepted), per_second(pages, took), per_second(chunks, took)];
    let counts = [pages.to_string(), chunks.to_string()].into_iter();
    rows.add_row(counts.chain(rates.map(|rate| format!("{rate:.0}"))).chain(grown));
    println!("{rows}\n");
    Ok(())
}

async fn add(system: &System, page: usize) -> Result<()> {
    let section = |number: usize| format!("## Part {number}\n\n{}\n\n", SECTION.text(page * SECTIONS + number).0);
    let text = format!("# Page {page}\n\n{}", (0..SECTIONS).map(section).collect::<String>());
    let body = json!({"collection": "pages", "source": format!("page-{page}.md"), "format": "markdown", "text": text});
    let request = system.client.post(format!("{}/v1/documents?lane=bulk", system.url)).bearer_auth(&system.key);
    let response = request.json(&body).send().await?;
    ensure!(response.status().is_success(), "{}: {}", response.status(), response.text().await?);
    Ok(())
}

async fn count(pool: &PgPool, table: &str) -> Result<usize> {
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(pool).await?;
    Ok(usize::try_from(rows)?)
}
