//! From a client's request to the job's last event at that client, over HTTP, at a steady rate.
//!
//! Each job starts at its time, not when the one before has ended, and its latency counts from there, so that a
//! backlog shows. Gateway and worker have a runtime each in this process; client and servers are real.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::{StreamExt, stream::FuturesUnordered};
use reqwest::Client;
use ruche_bus::{Bus, nats::Nats};
use ruche_gateway::app::parts::App;
use ruche_schemas::{Job, config::Config, kinds::Descriptor};
use ruche_store::{
    keys::{self, ApiKey, Keys as _, Role},
    ledger::Ledger,
    memory::Memory as MemoryLedger,
    postgres::{Application, Postgres as Store, Postgres},
};
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use crate::{
    bus,
    noop::Noop,
    raw::{self, BODY},
    servers::{Servers, settings},
    table::{Latencies, table},
};

/// The longest time of one job.
const TIMEOUT: Duration = Duration::from_secs(30);

/// `rate`: jobs a second.
pub async fn measure(servers: &Servers, trips: usize, rate: u32) -> Result<()> {
    println!("POST /v1/jobs/noop with Accept: text/event-stream, {rate} a second, {trips} of them; {BODY} bytes.\n");
    let raw = raw::round_trip(&servers.nats, "http", trips).await?;
    let mut rows = table(&["path", "p50 ms", "p99 ms", "p99.9 ms"]);
    rows.add_row(row("raw async-nats: publish, consume, reply; one after the other", &raw));
    let commit = raw::commit(&servers.postgres, trips.min(2_000)).await?;
    rows.add_row(row("raw Postgres: one row, one commit; one after the other", &commit));
    for (name, commits) in [("Ruche, without the commit", false), ("Ruche, with the Postgres commit", true)] {
        let system = System::start(servers, commits).await?;
        // Warm up: connections, the key's cache.
        system.run(rate as usize, rate).await?;
        let latencies = system.run(trips, rate).await?;
        rows.add_row(row(name, &latencies));
        system.stop();
    }
    println!("{rows}\n");
    Ok(())
}

fn row(name: &str, latencies: &Latencies) -> [String; 4] {
    [name.to_owned(), latencies.ms(0.5), latencies.ms(0.99), latencies.ms(0.999)]
}

struct System {
    url: String,
    key: String,
    client: Client,
    runtimes: [Runtime; 2],
}

impl System {
    async fn start(servers: &Servers, commits: bool) -> Result<Self> {
        let (config, name) = settings(servers)?;
        ruche_migrations::up(&servers.postgres, &name).await?;
        let runtime = || Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtimes = [runtime()?, runtime()?];
        let working = config.clone();
        runtimes[0].spawn(async move { work(working, commits).await }).await??;
        let (address, key) = runtimes[1].spawn(serve(config)).await??;
        Ok(Self { url: format!("http://{address}/v1/jobs/noop"), key, client: Client::new(), runtimes })
    }

    fn stop(self) {
        self.runtimes.into_iter().for_each(Runtime::shutdown_background);
    }

    async fn run(&self, jobs: usize, rate: u32) -> Result<Latencies> {
        let mut latencies = Latencies::default();
        let mut running = FuturesUnordered::new();
        let mut turns = ticks(jobs, rate)?;
        loop {
            tokio::select! {
                Some(due) = turns.recv() => running.push(self.job(due)),
                Some(ended) = running.next(), if !running.is_empty() => latencies.add(ended?),
                else => break,
            }
        }
        Ok(latencies)
    }

    /// The time from its start to its last event.
    async fn job(&self, due: Instant) -> Result<Duration> {
        let body = json!({ "filling": "x".repeat(BODY) });
        let request = self.client.post(&self.url).bearer_auth(&self.key).header("accept", "text/event-stream");
        let follow = async {
            let response = request.json(&body).send().await?.error_for_status()?;
            let (mut body, mut text, mut ended) = (response.bytes_stream(), String::new(), None);
            // To the end, so that the connection can be reused.
            while let Some(piece) = body.next().await {
                text.push_str(&String::from_utf8_lossy(&piece?));
                if ended.is_none() && text.contains("event: done") {
                    ended = Some(due.elapsed());
                }
            }
            ended.with_context(|| format!("the events ended without the last one: {text}"))
        };
        tokio::time::timeout(TIMEOUT, follow).await.context("a job took too long")?
    }
}

/// When each job starts. From a thread: the runtime's clock has milliseconds.
fn ticks(jobs: usize, rate: u32) -> Result<mpsc::Receiver<Instant>> {
    let (sender, turns) = mpsc::channel(jobs.max(1));
    let (start, jobs) = (Instant::now(), u32::try_from(jobs)?);
    std::thread::spawn(move || {
        for turn in 0..jobs {
            let due = start + Duration::from_secs(1) / rate * turn;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            // The wake-up latency of this thread is not measured, and does not depend on what is.
            if sender.blocking_send(Instant::now()).is_err() {
                return;
            }
        }
    });
    Ok(turns)
}

async fn work(config: Config, commits: bool) -> Result<()> {
    let ledger: Arc<dyn Ledger> = match commits {
        true => Arc::new(Postgres::connect(&config.postgres, Application::WORKER)?),
        false => Arc::new(MemoryLedger::default()),
    };
    bus::worker(connect(&config).await?, ledger);
    Ok(())
}

async fn serve(config: Config) -> Result<(SocketAddr, String)> {
    let (store, key) = (Store::connect(&config.postgres, Application::GATEWAY)?, keys::generate());
    let parsed = ApiKey::parse(&key).context("a generated key")?;
    store.create_key(&"bench".parse()?, "bench", Role::Member, parsed).await?;
    let mut settings = config.gateway.clone();
    settings.port = 0;
    let bus = connect(&config).await?;
    let server = App::new(settings, bus, Arc::new(store), vec![Descriptor::of::<Noop>()]).bind().await?;
    let address = server.address()?;
    tokio::spawn(server.run());
    Ok((address, key))
}

async fn connect(config: &Config) -> Result<Arc<dyn Bus>> {
    let nats = Nats::connect(&config.nats, bus::ACK_WAIT).await?;
    nats.ensure(&[Noop::KIND]).await?;
    Ok(Arc::new(nats))
}
