//! `make bench-render`: Markdown to PDF, beside other programs, in one run.
//!
//! All get the same two documents, each time with another number in every paragraph. Times count from the text in
//! memory to the PDF in memory (through the API: from the request to the last byte).

mod documents;
pub mod lost;
pub mod memory;
mod ours;
mod peers;

use std::fs;

use anyhow::Result;

use crate::{
    servers::Servers,
    table::{Latencies, table},
};

/// The results of one program.
#[derive(Default)]
struct Figures {
    name: String,
    short: Option<Latencies>,
    long: Option<Latencies>,
    /// Short documents a second, two at once.
    rate: Option<f64>,
    /// In MiB, all processes together.
    memory: Option<u64>,
}

pub async fn measure(servers: &Servers, documents: usize, alone: bool) -> Result<()> {
    let folder = servers.folder.join("documents");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("short.md"), documents::SHORT)?;
    fs::write(folder.join("short.typ"), documents::SHORT_TYPST)?;
    let long = documents::long();
    fs::write(folder.join("long.md"), &long)?;
    println!(
        "Markdown to PDF: a page, and {} lines ({} kB). No two documents alike.\n",
        long.lines().count(),
        long.len() / 1000
    );
    let mut all = Vec::new();
    // It takes minutes: show the progress.
    for peer in peers::PEERS.iter().filter(|_| !alone) {
        all.push(peers::measure(peer, &folder)?);
        eprintln!("{}", row(&all[all.len() - 1]).join(" | "));
    }
    all.push(ours::in_process()?);
    let worker = ours::in_children().await?;
    eprintln!("{}", row(&worker).join(" | "));
    let (early, late) = ours::growth(documents).await?;
    let api = ours::through_the_api(servers).await?;
    let goals = goals(&worker, &api, documents, (early, late));
    all.extend([worker, api]);
    let header = ["program", "page p50 ms", "p99 ms", "long p50 ms", "p99 ms", "pages/s, 2 at once", "memory MiB"];
    let mut rows = table(&header);
    for figures in &all {
        rows.add_row(row(figures));
    }
    println!("{rows}\n\n{goals}\n");
    Ok(())
}

fn row(figures: &Figures) -> [String; 7] {
    let ms =
        |latencies: &Option<Latencies>, quantile| latencies.as_ref().map_or_else(String::new, |it| it.ms(quantile));
    [
        figures.name.clone(),
        ms(&figures.short, 0.5),
        ms(&figures.short, 0.99),
        ms(&figures.long, 0.5),
        ms(&figures.long, 0.99),
        figures.rate.map_or_else(String::new, |rate| format!("{rate:.1}")),
        figures.memory.map_or_else(String::new, |memory| memory.to_string()),
    ]
}

fn goals(worker: &Figures, api: &Figures, documents: usize, (early, late): (u64, u64)) -> comfy_table::Table {
    let p50 = |latencies: &Option<Latencies>| latencies.as_ref().map_or_else(String::new, |it| it.ms(0.5) + " ms");
    let rate = worker.rate.map_or_else(String::new, |rate| format!("{rate:.0}"));
    let mut rows = table(&["what", "goal", "seen"]);
    rows.add_row(["a page in the worker, p50".to_owned(), "<= 5 ms".to_owned(), p50(&worker.short)]);
    rows.add_row(["a page through the API, p50".to_owned(), "<= 8 ms".to_owned(), p50(&api.short)]);
    rows.add_row(["the long document in the worker, p50".to_owned(), "<= 150 ms".to_owned(), p50(&worker.long)]);
    rows.add_row(["pages a second, 2 at once".to_owned(), ">= 300".to_owned(), rate]);
    let grown = format!("{early} MiB after 100, {late} MiB after {documents}");
    rows.add_row(["RSS of a child".to_owned(), "< 120 MiB, flat".to_owned(), grown]);
    rows
}
