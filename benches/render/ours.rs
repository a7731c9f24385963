//! Ruche: in this process, in the worker's child processes, and through the API.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use futures::future::try_join_all;
use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::render::Render;
use ruche_workers::kinds::render::{Options, Typesetter};

use super::{
    Figures,
    documents::{SHORT, long, numbered},
    memory,
};
use crate::{
    raw::per_second,
    servers::Servers,
    system::{self, System},
    table::Latencies,
};

/// Short and long documents, one after the other, that are timed.
const SHORTS: usize = 1_000;
const LONGS: usize = 40;
const SIDE_BY_SIDE: usize = 2;

fn job(text: &str, number: usize) -> Render {
    Render { markdown: numbered(text, number), ..Render::default() }
}

pub fn in_process() -> Result<Figures> {
    let one = |renderer: &Renderer, text: &str, number| -> Result<Duration> {
        let job = job(text, number);
        let start = Instant::now();
        renderer.render(&job, &Resources::default()).map_err(|failure| anyhow!("{failure}"))?;
        Ok(start.elapsed())
    };
    let many = |text: &str, count| -> Result<Latencies> {
        let (renderer, mut latencies) = (Renderer::new(), Latencies::default());
        one(&renderer, text, 0)?;
        for number in 1..=count {
            latencies.add(one(&renderer, text, number)?);
        }
        Ok(latencies)
    };
    let name = "Ruche, in this process".to_owned();
    let short = Some(many(SHORT, SHORTS)?);
    Ok(Figures { name, short, long: Some(many(&long(), LONGS)?), ..Figures::default() })
}

/// A pool whose children are never replaced, so that their memory growth shows.
fn pool(children: usize) -> Result<Typesetter> {
    let program = system::program("ruche-worker")?;
    let (memory, deadline) = (2 << 30, Duration::from_secs(60));
    Ok(Typesetter::start(Options { program, children, memory, deadline, documents: u32::MAX, resident: u64::MAX })?)
}

async fn set(pool: &Typesetter, text: &str, number: usize) -> Result<Duration> {
    let job = job(text, number);
    let start = Instant::now();
    let output = pool.typeset(&job, &Resources::default()).await?;
    ensure!(output.bytes.starts_with(b"%PDF-"), "no PDF");
    Ok(start.elapsed())
}

/// In the worker's child processes.
pub async fn in_children() -> Result<Figures> {
    let servers = memory::children(std::process::id());
    let pool = pool(SIDE_BY_SIDE)?;
    let one = async |text: &str, count| -> Result<Latencies> {
        let mut latencies = Latencies::default();
        // Every child has typeset one.
        try_join_all((0..SIDE_BY_SIDE).map(|_| set(&pool, text, 0))).await?;
        for number in 1..=count {
            latencies.add(set(&pool, text, number).await?);
        }
        Ok(latencies)
    };
    let short = Some(one(SHORT, SHORTS).await?);
    let start = Instant::now();
    try_join_all((0..SIDE_BY_SIDE).map(|lane| lane_of(&pool, lane))).await?;
    let rate = Some(per_second(SHORTS * SIDE_BY_SIDE, start.elapsed()));
    // NATS and Postgres are children of this process too.
    let mut setters = memory::children(std::process::id());
    setters.retain(|child| !servers.contains(child));
    ensure!(setters.len() == SIDE_BY_SIDE, "{} processes set documents, not {SIDE_BY_SIDE}", setters.len());
    let memory = Some(memory::together(&setters));
    let long = Some(one(&long(), LONGS).await?);
    let name = format!("Ruche, {SIDE_BY_SIDE} child processes of a worker");
    Ok(Figures { name, short, long, rate, memory })
}

async fn lane_of(pool: &Typesetter, lane: usize) -> Result<()> {
    for number in 0..SHORTS {
        set(pool, SHORT, number * SIDE_BY_SIDE + lane).await?;
    }
    Ok(())
}

/// Memory in MiB of one child after a hundred documents, and after `documents`.
pub async fn growth(documents: usize) -> Result<(u64, u64)> {
    let before = memory::children(std::process::id());
    let pool = pool(1)?;
    let child =
        memory::children(std::process::id()).into_iter().find(|pid| !before.contains(pid)).context("no child")?;
    let mut early = 0;
    for number in 1..=documents {
        set(&pool, SHORT, number).await?;
        if number == documents.min(100) {
            early = memory::resident(child);
        }
    }
    Ok((early, memory::resident(child)))
}

pub async fn through_the_api(servers: &Servers) -> Result<Figures> {
    let children = SIDE_BY_SIDE.to_string();
    let system = System::start(servers, "render", &[("RUCHE_RENDER__CHILDREN", &children)]).await?;
    let many = async |text: &str, first: usize, count: usize| -> Result<Latencies> {
        let mut latencies = Latencies::default();
        for number in first..first + count {
            latencies.add(post(&system, numbered(text, number)).await?);
        }
        Ok(latencies)
    };
    // Warm up: connections, the key's cache, all children.
    many(SHORT, 0, 20).await?;
    let short = Some(many(SHORT, 100, SHORTS).await?);
    let start = Instant::now();
    try_join_all((0..SIDE_BY_SIDE).map(|lane| many(SHORT, (lane + 2) * SHORTS, SHORTS))).await?;
    let rate = Some(per_second(SHORTS * SIDE_BY_SIDE, start.elapsed()));
    let long = Some(many(&long(), 0, LONGS).await?);
    let name = "Ruche, POST /v1/render".to_owned();
    Ok(Figures { name, short, long, rate, memory: None })
}

async fn post(system: &System, markdown: String) -> Result<Duration> {
    let request = system.client.post(format!("{}/v1/render", system.url)).bearer_auth(&system.key);
    let request = request.header("content-type", "text/markdown").header("prefer", "wait").body(markdown);
    let start = Instant::now();
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    ensure!(
        status.is_success() && body.starts_with(b"%PDF-"),
        "POST /v1/render answered {status}: {}",
        String::from_utf8_lossy(&body[..body.len().min(300)])
    );
    Ok(start.elapsed())
}
