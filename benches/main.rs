//! `make bench`: Ruche beside its limits, in one run on one machine.
//!
//! - `bus`: jobs per second and round trip, with and without the Postgres commit, beside raw async-nats doing the
//!   same publish, consume and confirmed ack.
//! - `http`: from a client's POST to the job's last event at that client, at a steady rate.
//! - `backlog`: the queue alone behind a million jobs.
//! - `chat`: tokens per second and time to first token over HTTP, at 1, 5 and 16 clients.
//!
//! Only on request:
//! - `embed`: texts and tokens per second beside llama-server, through the bus, and of the encoder alone; `make
//!   bench-embed`, which builds that server.
//! - `ingest`: documents from a POST to searchable chunks, and memory; `make bench-embed`.
//! - `search`: the index's recall, and queries a second through the API beside the raw driver; `make bench-search`.
//! - `retrieval`: how well searches rank; `make bench-search`.
//! - `render`: documents beside md-to-pdf, Chromium, WeasyPrint and Typst's Python wheel; `make bench-render`, which
//!   installs them.
//! - `extract`: the text of PDF files; `benches/documents/pdf.sh` compares it with that of pdftotext.
//! - `faults`: jobs while everything is killed; `make faults`.
//!
//! Servers are private to the run: NATS with file storage, Postgres with its own defaults (fsync on).

mod alone;
mod bus;
mod chat;
mod embed;
mod extract;
mod faults;
mod http;
mod noop;
mod queue;
mod raw;
mod render;
mod search;
mod servers;
mod system;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures Ruche on this machine.
#[derive(Debug, Parser)]
#[command(name = "ruche-bench", version)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// What to measure; without it, everything.
    what: Option<What>,
    /// Jobs per measurement of throughput.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// Round trips, one after the other, per measurement of latency.
    #[arg(long, default_value_t = 2_000)]
    trips: usize,
    /// For HTTP: jobs a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Jobs that wait in the measurement of a backlog.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
    /// Documents that one process sets, one after the other, to see whether its memory grows.
    #[arg(long, default_value_t = 10_000)]
    documents: usize,
    /// For embeddings: CPU threads.
    #[arg(long, default_value_t = 2)]
    threads: u32,
    /// For embeddings: texts that llama-server computes at once.
    #[arg(long, default_value_t = 64)]
    peer_slots: u32,
    /// For documents to search in: Markdown pages.
    #[arg(long, default_value_t = 10_000)]
    pages: usize,
    /// For embeddings: tokens of llama-server's batches.
    #[arg(long, default_value_t = 512)]
    peer_batch: u32,
    /// For searches: chunks.
    #[arg(long, default_value_t = 100_000)]
    chunks: usize,
    /// For searches: numbers of a vector.
    #[arg(long, default_value_t = 384)]
    dims: usize,
    /// For searches: queries whose answers are compared with the right ones.
    #[arg(long, default_value_t = 200)]
    queries: usize,
    /// For searches: clients at once.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// For rankings: a folder with the Cranfield collection, packed as JSON lines.
    #[arg(long, value_name = "FOLDER")]
    cranfield: Option<std::path::PathBuf>,
    /// For rankings: the file of another embedding model than all-MiniLM-L6-v2.
    #[arg(long, value_name = "GGUF")]
    model: Option<std::path::PathBuf>,
    /// For documents and embeddings: Ruche alone, without the programs that have to be installed first.
    #[arg(long)]
    alone: bool,
}

#[derive(Debug, Subcommand)]
enum Part {
    Faults(faults::Arguments),
    /// Convert PDF files to Markdown, as a worker does.
    Extract(extract::Arguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Jobs per second and round trip.
    Bus,
    /// From a POST to the last event.
    Http,
    /// The queue alone, empty and behind a backlog; memory.
    Backlog,
    /// Tokens per second and time to first token.
    Chat,
    /// Texts and tokens per second, beside llama-server.
    Embed,
    /// Documents, from a POST to chunks that are found.
    Ingest,
    /// Searches, beside the raw driver.
    Search,
    /// How well searches rank.
    Retrieval,
    /// Markdown to PDF, beside other programs.
    Render,
    /// Words of documents that are not on the paper of their PDF, beside other programs.
    Lost,
}

fn main() -> anyhow::Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    match arguments.part {
        // Before there is a runtime: the processes that it starts make their own.
        Some(Part::Faults(arguments)) => faults::run(arguments),
        Some(Part::Extract(arguments)) => {
            tokio::runtime::Runtime::new()?.block_on(extract::run(arguments)).map(|()| ExitCode::SUCCESS)
        }
        None => tokio::runtime::Runtime::new()?.block_on(measure(arguments)).map(|()| ExitCode::SUCCESS),
    }
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    // Only on request: its model is made by `make test`, and llama-server is built first.
    if arguments.what == Some(What::Embed) {
        let Arguments { threads, peer_slots: slots, peer_batch: batch, alone, .. } = arguments;
        return Box::pin(embed::measure(embed::Peer { threads, slots, batch }, alone)).await;
    }
    if arguments.what == Some(What::Ingest) {
        return Box::pin(embed::pages(arguments.threads, arguments.pages)).await;
    }
    if arguments.what == Some(What::Retrieval) {
        let Arguments { threads, model, cranfield, .. } = arguments;
        return Box::pin(search::quality::measure(threads, model, cranfield.as_deref())).await;
    }
    if arguments.what == Some(What::Search) {
        let Arguments { chunks, dims: dimensions, queries, clients, .. } = arguments;
        return Box::pin(search::measure(search::Wanted { chunks, dimensions, queries, clients })).await;
    }
    if arguments.what == Some(What::Lost) {
        return render::lost::measure(arguments.alone);
    }
    let servers = servers::start().await?;
    let wanted = |what| arguments.what.is_none_or(|only| only == what);
    if wanted(What::Bus) {
        bus::measure(&servers, arguments.jobs, arguments.trips).await?;
    }
    if wanted(What::Http) {
        http::measure(&servers, arguments.trips * 5, arguments.rate).await?;
    }
    if wanted(What::Backlog) {
        queue::backlog(&servers, arguments.backlog, arguments.jobs * 5).await?;
    }
    if wanted(What::Chat) {
        chat::measure(&servers).await?;
    }
    // Only on request: it needs other programs.
    if arguments.what == Some(What::Render) {
        render::measure(&servers, arguments.documents, arguments.alone).await?;
    }
    Ok(())
}
