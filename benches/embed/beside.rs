//! Embeddings over HTTP beside llama-server, with the same model, llama.cpp sources and threads; each client sends
//! one request after the other. The measurements alternate, and the median of rounds counts.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use reqwest::Client;
use serde_json::{Value, json};

use super::{
    llama_server::{LlamaServer, Peer},
    texts::{LENGTHS, Lengths},
};
use crate::{raw::per_second, servers::Servers, system::System, table::table};

const CLIENTS: [usize; 3] = [1, 16, 64];
const SPAN: Duration = Duration::from_secs(5);
/// The median counts.
const ROUNDS: usize = 3;
/// Texts of one request, for rows with many.
const MANY: usize = 32;

struct Target {
    url: String,
    key: String,
    client: Client,
    texts: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
struct Rate {
    texts: f64,
    tokens: f64,
}

/// One line: clients, lengths of texts, texts in a request.
struct Row {
    clients: usize,
    lengths: Lengths,
    texts: usize,
}

pub async fn measure(servers: &Servers, system: &System, model: &Path, peer: Peer) -> Result<()> {
    let Peer { threads, slots, batch } = peer;
    let peer = LlamaServer::start(model, &servers.folder, peer).await?;
    let ours = Target::new(&system.url, &system.key);
    let theirs = Target::new(&peer.url, "");
    agree(&ours, &theirs).await?;
    println!(
        "POST /v1/embeddings, all-MiniLM-L6-v2 in F16, {threads} threads; beside llama-server --embedding --parallel {slots} \
         --ubatch-size {batch}.\n"
    );
    let header = ["clients", "tokens of a text", "texts a request", "texts/s", "tokens/s", "llama-server", "ratio"];
    let mut rows = table(&header);
    let one = CLIENTS.into_iter().flat_map(|clients| LENGTHS.map(|lengths| Row { clients, lengths, texts: 1 }));
    let many = LENGTHS.map(|lengths| Row { clients: 8, lengths, texts: MANY });
    for row in one.chain(many) {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            here.push(ours.rate(&row).await?);
            there.push(theirs.rate(&row).await?);
        }
        let (here, there) = (median(here), median(there));
        let (clients, lengths, texts) = (row.clients, row.lengths.name, row.texts);
        eprintln!(
            "{clients} clients, {lengths} tokens, {texts} texts: {:.0} and {:.0} texts/s",
            here.texts, there.texts
        );
        rows.add_row([
            clients.to_string(),
            lengths.to_owned(),
            texts.to_string(),
            format!("{:.0}", here.texts),
            format!("{:.0}", here.tokens),
            format!("{:.0}", there.texts),
            format!("{:.2}", here.tokens / there.tokens),
        ]);
    }
    println!("{rows}\n");
    Ok(())
}

fn median(mut rates: Vec<Rate>) -> Rate {
    rates.sort_by(|a, b| a.tokens.total_cmp(&b.tokens));
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Checks that both give the same vectors.
async fn agree(ours: &Target, theirs: &Target) -> Result<()> {
    for lengths in LENGTHS {
        let (text, tokens) = lengths.text(1);
        let input = [text];
        let (here, there) = (ours.embed(&input, "float").await?, theirs.embed(&input, "float").await?);
        let vector = |answer: &Value| -> Result<Vec<f64>> {
            let numbers = answer["data"][0]["embedding"].as_array().context("no embedding")?;
            numbers.iter().map(|number| number.as_f64().context("no number")).collect()
        };
        let cosine: f64 = vector(&here)?.iter().zip(vector(&there)?).map(|(a, b)| a * b).sum();
        ensure!(cosine > 0.9999, "the vectors of {tokens} tokens differ: their cosine is {cosine}");
        let read = here["usage"]["prompt_tokens"].as_u64();
        ensure!(read == Some(tokens as u64), "a text of {tokens} tokens was read as {read:?}");
    }
    Ok(())
}

impl Target {
    fn new(url: &str, key: &str) -> Self {
        let (url, key) = (format!("{url}/v1/embeddings"), key.to_owned());
        Self { url, key, client: Client::new(), texts: AtomicUsize::new(0) }
    }

    async fn rate(&self, row: &Row) -> Result<Rate> {
        let start = Instant::now();
        let clients = (0..row.clients).map(|_| async {
            let (mut texts, mut tokens) = (0, 0);
            while start.elapsed() < SPAN {
                let first = self.texts.fetch_add(row.texts, Relaxed);
                let (input, lengths): (Vec<_>, Vec<_>) =
                    (first..first + row.texts).map(|number| row.lengths.text(number)).unzip();
                // As OpenAI's clients do.
                let answer = self.embed(&input, "base64").await?;
                ensure!(answer["data"].as_array().is_some_and(|data| data.len() == row.texts), "vectors are missing");
                texts += row.texts;
                tokens += lengths.iter().sum::<usize>();
            }
            Ok((texts, tokens))
        });
        let done = try_join_all(clients).await?;
        let took = start.elapsed();
        let (texts, tokens) = done.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        Ok(Rate { texts: per_second(texts, took), tokens: per_second(tokens, took) })
    }

    async fn embed(&self, input: &[String], format: &str) -> Result<Value> {
        let request = self.client.post(&self.url).bearer_auth(&self.key);
        let response = request.json(&json!({ "input": input, "encoding_format": format })).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }
}
