//! `make bench`: Ruche beside its limits, in one run on one machine.
//!
//! - `bus`: jobs per second and round trip, with and without the Postgres commit, beside raw async-nats doing the
//!   same publish, consume and confirmed ack.
//! - `chat`: tokens per second and time to first token over HTTP, at 1, 5 and 16 clients.
//!
//! Servers are private to the run: NATS with file storage, Postgres with its own defaults (fsync on).

mod bus;
mod chat;
mod noop;
mod raw;
mod servers;
mod table;

use clap::{Parser, ValueEnum};

/// Measures Ruche on this machine.
#[derive(Debug, Parser)]
#[command(name = "ruche-bench", version)]
struct Arguments {
    /// What to measure; without it, everything.
    what: Option<What>,
    /// Jobs per measurement of throughput.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// Round trips, one after the other, per measurement of latency.
    #[arg(long, default_value_t = 2_000)]
    trips: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Jobs per second and round trip.
    Bus,
    /// Tokens per second and time to first token.
    Chat,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let servers = servers::start().await?;
    if arguments.what != Some(What::Chat) {
        bus::measure(&servers, arguments.jobs, arguments.trips).await?;
    }
    if arguments.what != Some(What::Bus) {
        chat::measure(&servers).await?;
    }
    Ok(())
}
