//! Other programs that make PDFs, each by its driver in this folder; `driver.mjs` describes the protocol.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Figures, memory};
use crate::{raw::per_second, table::Latencies};

/// A program, and how many documents of each length it gets: enough for some seconds.
pub struct Peer {
    pub what: &'static str,
    driver: &'static str,
    short: usize,
    long: usize,
    /// Whether it stays between documents, so that its memory can be read.
    stays: bool,
}

pub const PEERS: [Peer; 4] = [
    Peer { what: "a browser for each call", driver: "md_to_pdf.mjs", short: 10, long: 4, stays: false },
    Peer { what: "one warm browser", driver: "chromium.mjs", short: 100, long: 20, stays: true },
    Peer { what: "warm process", driver: "weasy.py", short: 100, long: 4, stays: true },
    Peer { what: "warm process, from Typst", driver: "typst_wheel.py", short: 400, long: 0, stays: true },
];

impl Peer {
    /// Whether it reads Markdown itself, with pages that are not those of another one: md-to-pdf's are Chromium's.
    pub fn reads_markdown(&self) -> bool {
        self.stays && self.long > 0
    }
}

/// Has a PDF made of each Markdown file of a folder, beside it. Returns the program's name.
pub fn make_all(peer: &Peer, folder: &Path) -> Result<String> {
    let driver = Driver::start(peer, folder, 0)?;
    let name = format!("{} {}", driver.name, driver.version);
    driver.end()?;
    Ok(name)
}

/// `documents` has short.md, long.md and short.typ.
pub fn measure(peer: &Peer, documents: &Path) -> Result<Figures> {
    let short = documents.join(if peer.driver.starts_with("typst") { "short.typ" } else { "short.md" });
    let mut driver = Driver::start(peer, &short, peer.short)?;
    let name = format!("{} {}, {}", driver.name, driver.version, peer.what);
    let mut figures = Figures { name, short: Some(driver.run()?), ..Figures::default() };
    if peer.stays {
        figures.memory = Some(memory::together(&memory::tree(driver.child.id())));
    }
    driver.end()?;
    if peer.long > 0 {
        let mut driver = Driver::start(peer, &documents.join("long.md"), peer.long)?;
        figures.long = Some(driver.run()?);
        driver.end()?;
    }
    figures.rate = Some(side_by_side(peer, &short)?);
    Ok(figures)
}

/// Two concurrent processes: documents a second.
fn side_by_side(peer: &Peer, document: &Path) -> Result<f64> {
    let count = peer.short.div_ceil(2);
    let drivers = [Driver::start(peer, document, count)?, Driver::start(peer, document, count)?];
    let start = Instant::now();
    let threads = drivers.map(|mut driver| std::thread::spawn(move || driver.run().map(|_| driver)));
    let mut drivers = Vec::new();
    for thread in threads {
        drivers.push(thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
    }
    let took = start.elapsed();
    drivers.into_iter().try_for_each(Driver::end)?;
    Ok(per_second(count * 2, took))
}

struct Driver {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    count: usize,
    name: String,
    version: String,
}

impl Driver {
    /// Starts one and waits for an untimed document.
    fn start(peer: &Peer, document: &Path, count: usize) -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("render");
        let there = here.join("../../.ruche/bench-render");
        let program = match peer.driver.ends_with(".mjs") {
            true => PathBuf::from("node"),
            false => there.join("venv/bin/python"),
        };
        ensure!(there.is_dir(), "{} is not there: run `make bench-render`, which makes it", there.display());
        let mut child = Command::new(&program)
            .arg(here.join(peer.driver))
            .arg(document)
            .arg(count.to_string())
            .env("RUCHE_BENCH_MODULES", &there)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be started", program.display()))?;
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let mut driver = Self { child, input, lines, count, name: String::new(), version: String::new() };
        let first = driver.line()?;
        let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
        (driver.name, driver.version) = (text("peer"), text("version").replace("Chrome/", ""));
        Ok(driver)
    }

    fn line(&mut self) -> Result<Value> {
        let line = self.lines.next().context("the driver ended: its error is above")??;
        serde_json::from_str(&line).with_context(|| format!("the driver said {line:?}"))
    }

    /// Has it make its documents.
    fn run(&mut self) -> Result<Latencies> {
        self.input.as_mut().context("a pipe")?.write_all(b"\n")?;
        let mut latencies = Latencies::default();
        for _ in 0..self.count {
            let line = self.line()?;
            let ms = line["ms"].as_f64().context("no time")?;
            ensure!(line["bytes"].as_u64().is_some_and(|bytes| bytes > 1_000), "no PDF: {line}");
            latencies.add(Duration::from_secs_f64(ms / 1_000.0));
        }
        Ok(latencies)
    }

    fn end(mut self) -> Result<()> {
        drop(self.input.take());
        ensure!(self.child.wait()?.success(), "the driver of {} failed", self.name);
        Ok(())
    }
}
