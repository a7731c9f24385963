//! Embeddings through the bus: a producer publishes jobs directly to NATS, and each result is stored in Postgres.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use ruche_bus::{Bus, Headers, Message, nats::Nats};
use ruche_schemas::{Envelope, Job, JobId, JobRef, Lane, TenantId, config::Config, kinds::embed::Embed};

use super::texts::{LENGTHS, Lengths};
use crate::{
    bus::ACK_WAIT,
    raw::{IN_FLIGHT, per_second},
    servers::Servers,
    system::System,
    table::table,
};

const TEXTS: usize = 32;
/// Tokens of one measurement, about.
const TOKENS: usize = 200_000;

pub async fn measure(servers: &Servers, system: &System) -> Result<()> {
    println!("Jobs of {TEXTS} texts published onto NATS, lane bulk, each result kept in Postgres.\n");
    let variables = HashMap::from([
        ("RUCHE_NATS__URL".to_owned(), servers.nats.clone()),
        ("RUCHE_NATS__PREFIX".to_owned(), system.name.clone()),
    ]);
    let nats = Nats::connect(&Config::from_layers(None, Some(variables))?.nats, ACK_WAIT).await?;
    let mut rows = table(&["tokens of a text", "jobs", "texts/s", "tokens/s"]);
    for lengths in LENGTHS {
        let (mut jobs, mut tokens) = (0, 0);
        let mut texts = Vec::new();
        while tokens < TOKENS {
            let (job, read) = of_job(&lengths, jobs);
            (jobs, tokens) = (jobs + 1, tokens + read);
            texts.push(job);
        }
        let start = Instant::now();
        let published = stream::iter(texts).map(|texts| publish(&nats, texts)).buffer_unordered(IN_FLIGHT);
        published.try_collect::<Vec<_>>().await?;
        while nats.depth().await?.iter().any(|lane| lane.waiting + lane.in_flight > 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = start.elapsed();
        let rates = [per_second(jobs * TEXTS, took), per_second(tokens, took)].map(|rate| format!("{rate:.0}"));
        rows.add_row([lengths.name.to_owned(), jobs.to_string()].into_iter().chain(rates));
    }
    println!("{rows}\n");
    Ok(())
}

/// The texts of the job of this number, and their tokens.
fn of_job(lengths: &Lengths, job: usize) -> (Vec<String>, usize) {
    let (texts, tokens): (Vec<_>, Vec<_>) = (job * TEXTS..(job + 1) * TEXTS).map(|number| lengths.text(number)).unzip();
    (texts, tokens.iter().sum())
}

async fn publish(bus: &Nats, texts: Vec<String>) -> Result<()> {
    let tenant: TenantId = "bench".parse()?;
    let job = JobRef { tenant: tenant.clone(), id: JobId::generate() };
    let body = Embed { texts, ..Embed::default() };
    let envelope = Envelope::new(job.id, tenant, Lane::Bulk, SystemTime::now().into(), body);
    let payload = serde_json::to_vec(&envelope)?.into();
    let message =
        Message { job, kind: Embed::KIND, lane: Lane::Bulk, payload, headers: Headers::new(), first_seq: None };
    bus.publish(message).await?;
    Ok(())
}
