//! Chats over HTTP with the tiny model: real gateway, real worker, real servers.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, future::try_join_all};
use reqwest::Client;
use ruche_services::{
    ports,
    process::{Launch, Process},
    ready,
    testing::unique,
};
use serde_json::json;

use crate::{
    raw::per_second,
    servers::Servers,
    table::{Latencies, table},
};

/// Tokens of one answer.
const TOKENS: usize = 200;
/// Answers that each client asks for, one after the other.
const ANSWERS: usize = 3;
const START: Duration = Duration::from_secs(60);

/// Prints the table.
pub async fn measure(servers: &Servers) -> Result<()> {
    let system = System::start(servers).await?;
    println!(
        "Chats of {TOKENS} tokens over HTTP (stream), one worker of 16 slots, tiny-chat (3 M parameters, Q8_0).\n"
    );
    let mut rows = table(&["clients", "tokens/s", "first token p50 ms", "p99 ms"]);
    // Once unmeasured: caches are warm, the connection pool is filled.
    system.clients(1).await?;
    for clients in [1, 5, 16] {
        let (rate, first) = system.clients(clients).await?;
        rows.add_row([clients.to_string(), format!("{rate:.0}"), first.ms(0.5), first.ms(0.99)]);
    }
    println!("{rows}\n");
    Ok(())
}

struct System {
    url: String,
    key: String,
    client: Client,
    _processes: [Process; 2],
}

impl System {
    async fn start(servers: &Servers) -> Result<Self> {
        let name = unique("bench");
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers/models/tiny/tiny-chat.gguf");
        let (gateway_port, worker_port) = (ports::free().to_string(), ports::free().to_string());
        let settings = [
            ("RUCHE_NATS__URL", servers.nats.as_str()),
            ("RUCHE_NATS__PREFIX", &name),
            ("RUCHE_POSTGRES__URL", &servers.postgres),
            ("RUCHE_POSTGRES__SCHEMA", &name),
            ("RUCHE_CHAT__MODEL_PATH", &model.to_string_lossy()),
            ("RUCHE_CHAT__SLOTS", "16"),
            ("RUCHE_GATEWAY__PORT", &gateway_port),
            ("RUCHE_WORKER__PORT", &worker_port),
            ("GOMP_SPINCOUNT", "1000"),
        ];
        let settings: Vec<_> = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        run("ruche-migrate", &["up"], &settings)?;
        let key = run("ruche-gateway", &["keys", "create", "--tenant", "bench", "--name", "bench"], &settings)?;
        let client = Client::new();
        let gateway = spawn(servers, "ruche-gateway", &[], &settings, &client, &gateway_port).await?;
        let worker = spawn(servers, "ruche-worker", &["chat"], &settings, &client, &worker_port).await?;
        let url = format!("http://127.0.0.1:{gateway_port}");
        Ok(Self { url, key, client, _processes: [gateway, worker] })
    }

    /// Tokens per second of all clients together, and the times to their first tokens.
    async fn clients(&self, clients: usize) -> Result<(f64, Latencies)> {
        let begun = Instant::now();
        let answers = try_join_all((0..clients).map(|_| async {
            let mut times = Vec::new();
            for _ in 0..ANSWERS {
                times.push(self.answer().await?);
            }
            anyhow::Ok(times)
        }));
        let answers = answers.await?;
        let rate = per_second(clients * ANSWERS * TOKENS, begun.elapsed());
        let mut first = Latencies::new()?;
        answers.into_iter().flatten().for_each(|time| first.add(time));
        Ok((rate, first))
    }

    /// One answer; the time to its first text.
    async fn answer(&self) -> Result<Duration> {
        // So hot that the model never comes to an end by itself: every answer has all its tokens.
        let body = json!({"stream": true, "max_tokens": TOKENS, "temperature": 2, "seed": 5, "store": false,
            "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "Hello!"}]});
        let url = format!("{}/v1/chat/completions", self.url);
        let begun = Instant::now();
        let response = self.client.post(url).bearer_auth(&self.key).json(&body).send().await?.error_for_status()?;
        let (mut body, mut text, mut first) = (response.bytes_stream(), String::new(), None);
        while let Some(piece) = body.next().await {
            text.push_str(&String::from_utf8_lossy(&piece?));
            if first.is_none() && text.contains("\"delta\":{\"content\"") {
                first = Some(begun.elapsed());
            }
        }
        ensure!(text.contains(&format!("\"completion_tokens\":{TOKENS}")), "an answer had other than {TOKENS} tokens");
        first.context("an answer without text")
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.exists(), "{} is not there: run `make bench`, which builds it", program.display());
    Ok(program)
}

fn run(name: &str, arguments: &[&str], settings: &[(String, String)]) -> Result<String> {
    let settings = settings.iter().map(|(key, value)| (key, value));
    let output = Command::new(program(name)?).args(arguments).envs(settings).output()?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

async fn spawn(
    servers: &Servers,
    name: &str,
    arguments: &[&str],
    settings: &[(String, String)],
    client: &Client,
    port: &str,
) -> Result<Process> {
    let mut launch = Launch::new(name, program(name)?, servers.folder.join(name));
    launch.args = arguments.iter().map(Into::into).collect();
    launch.env = settings.to_vec();
    let process = launch.spawn().await?;
    let url = format!("http://127.0.0.1:{port}/readyz");
    let probe = || async { client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) };
    ready::wait(&process, START, probe).await?;
    Ok(process)
}
