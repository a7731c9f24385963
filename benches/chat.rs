//! Chats over HTTP with the tiny model: real gateway, real worker, real servers.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, future::try_join_all};
use serde_json::json;

use crate::{
    raw::per_second,
    servers::Servers,
    system::System,
    table::{Latencies, table},
};

const TOKENS: usize = 200;
/// Requests of each client, one after the other.
const ANSWERS: usize = 3;

pub async fn measure(servers: &Servers) -> Result<()> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers/models/tiny/tiny-chat.gguf");
    let settings = [
        ("RUCHE_CHAT__MODEL_PATH", &*model.to_string_lossy()),
        ("RUCHE_CHAT__SLOTS", "16"),
        ("GOMP_SPINCOUNT", "1000"),
    ];
    let system = Chats(System::start(servers, "chat", &settings).await?);
    println!(
        "Chats of {TOKENS} tokens over HTTP (stream), one worker of 16 slots, tiny-chat (3 M parameters, Q8_0).\n"
    );
    let mut rows = table(&["clients", "tokens/s", "first token p50 ms", "p99 ms"]);
    // Warm up: caches, connection pool.
    system.clients(1).await?;
    for clients in [1, 5, 16] {
        let (rate, first) = system.clients(clients).await?;
        rows.add_row([clients.to_string(), format!("{rate:.0}"), first.ms(0.5), first.ms(0.99)]);
    }
    println!("{rows}\n");
    Ok(())
}

struct Chats(System);

impl Chats {
    /// Tokens per second of all clients together, and the times to their first tokens.
    async fn clients(&self, clients: usize) -> Result<(f64, Latencies)> {
        let start = Instant::now();
        let answers = try_join_all((0..clients).map(|_| async {
            let mut times = Vec::new();
            for _ in 0..ANSWERS {
                times.push(self.answer().await?);
            }
            anyhow::Ok(times)
        }));
        let answers = answers.await?;
        let rate = per_second(clients * ANSWERS * TOKENS, start.elapsed());
        let mut first = Latencies::default();
        answers.into_iter().flatten().for_each(|time| first.add(time));
        Ok((rate, first))
    }

    /// Returns the time to the first text.
    async fn answer(&self) -> Result<Duration> {
        // So hot that the model never stops by itself: every answer has all its tokens.
        let body = json!({"stream": true, "max_tokens": TOKENS, "temperature": 2, "seed": 5, "store": false,
            "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "Hello!"}]});
        let url = format!("{}/v1/chat/completions", self.0.url);
        let start = Instant::now();
        let response = self.0.client.post(url).bearer_auth(&self.0.key).json(&body).send().await?.error_for_status()?;
        let (mut body, mut text, mut first) = (response.bytes_stream(), String::new(), None);
        while let Some(piece) = body.next().await {
            text.push_str(&String::from_utf8_lossy(&piece?));
            if first.is_none() && text.contains("\"delta\":{\"content\"") {
                first = Some(start.elapsed());
            }
        }
        ensure!(text.contains(&format!("\"completion_tokens\":{TOKENS}")), "an answer had other than {TOKENS} tokens");
        first.context("an answer without text")
    }
}
