//! `ruche jobs submit --ndjson`: any number of jobs in one request, in constant memory.
//!
//! The lines go up while the answers come down. An answer that ends early leaves each line either answered or not;
//! the same file can safely be submitted again if its lines have idempotency keys.

use std::{
    fs,
    io::{self, BufRead, IsTerminal},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    client::{self, ApiError, Client},
    output,
    refused::Refused,
    values,
};

/// The longest line of the answer, in bytes.
const LONGEST: usize = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Submit many jobs, one a line, from this file (`-`: standard input), as a batch. Exit status 1 if any was
    /// refused.
    #[arg(long, value_name = "FILE")]
    ndjson: Option<PathBuf>,
    /// Add them to this open batch, and leave it open. Default: a new batch.
    #[arg(long, requires = "ndjson")]
    batch: Option<String>,
    /// A file with the job to start when all have ended: {"kind", "body"}.
    #[arg(long, value_name = "FILE", requires = "ndjson", conflicts_with = "batch")]
    callback: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    known: u64,
    refused: u64,
    batch: Option<Value>,
}

pub(super) async fn run(client: &Client, json: bool, arguments: &Arguments) -> Result<ExitCode> {
    let Some(source) = &arguments.ndjson else {
        return Err(Refused::usage("name a kind of job, or a file with --ndjson".to_owned()));
    };
    let (file, lines) = open(source)?;
    let callback = values::document(None, arguments.callback.as_deref())?;
    let made = match callback {
        None => None,
        Some(callback) => {
            let batch = client.post(&["job-batches"], &json!({ "callback": callback })).await?;
            Some(output::field(&batch, "id"))
        }
    };
    let query: Vec<_> = made.iter().chain(&arguments.batch).map(|batch| ("batch", batch.clone())).collect();
    let body = reqwest::Body::from(tokio::fs::File::from_std(file));
    let request = client.request(Method::POST, &["jobs"], &query).header("content-type", "application/x-ndjson");
    let bar = bar(lines);
    let sent = match client.send(request.body(body)).await {
        Ok(response) => answers(client, json, response, &bar).await,
        Err(error) => Err(error),
    };
    bar.finish_and_clear();
    let tally = match (sent, &made) {
        (Ok(tally), None) => tally,
        (Ok(tally), Some(batch)) => {
            client.post(&["job-batches", batch, "close"], &json!({})).await?;
            tally
        }
        (Err(error), None) => return Err(error),
        (Err(error), Some(batch)) => {
            let rest =
                format!("batch {batch} stays open: add the rest with --batch {batch}, then `batches close {batch}`");
            return Err(error.context(rest));
        }
    };
    if !json {
        summary(&tally, made.or_else(|| arguments.batch.clone()))?;
    }
    Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(tally: &Tally, batch: Option<String>) -> Result<()> {
    let id = tally.batch.as_ref().map(|batch| output::field(batch, "id")).or(batch).unwrap_or_default();
    let known = match tally.known {
        0 => String::new(),
        known => format!(" ({known} of them known before)"),
    };
    output::line(&output::clean(&format!("batch {id}: {} accepted{known}, {} refused", tally.accepted, tally.refused)))
}

/// The source, and its number of lines if it is known beforehand.
fn open(source: &Path) -> Result<(fs::File, Option<u64>)> {
    if source.as_os_str() == "-" {
        let own = io::stdin().as_fd().try_clone_to_owned().context("standard input can't be read")?;
        return Ok((own.into(), None));
    }
    let open = || fs::File::open(source).with_context(|| format!("{} can't be opened", source.display()));
    let file = open()?;
    if !io::stderr().is_terminal() || !file.metadata().is_ok_and(|file| file.is_file()) {
        return Ok((file, None));
    }
    let mut reader = io::BufReader::with_capacity(1 << 16, open()?);
    let mut lines = 0_u64;
    loop {
        let bytes = reader.fill_buf().with_context(|| format!("{} can't be read", source.display()))?;
        if bytes.is_empty() {
            return Ok((file, Some(lines)));
        }
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = bytes.len();
        reader.consume(read);
    }
}

async fn answers(client: &Client, json: bool, mut response: Response, bar: &ProgressBar) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let early = |why: String| {
            Refused::because(format!(
                "the answer ended early ({why}), after {} jobs were accepted and {} refused; lines that have an \
                 idempotency_key can be submitted again without becoming two jobs",
                tally.accepted, tally.refused
            ))
        };
        match response.chunk().await {
            Ok(Some(bytes)) => rest.extend_from_slice(&bytes),
            Ok(None) if tally.batch.is_some() => return Ok(tally),
            Ok(None) => return Err(early("its last line is missing".to_owned())),
            Err(error) => return Err(early(client.unreachable(&error).to_string())),
        }
        let mut start = 0;
        while let Some(length) = rest[start..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[start..start + length];
            start += length + 1;
            if !line.iter().all(u8::is_ascii_whitespace) {
                let line = serde_json::from_slice(line).context("a line of the answer is no JSON: is that Ruche?")?;
                take(json, &line, &mut tally, bar)?;
            }
        }
        rest.drain(..start);
        anyhow::ensure!(rest.len() <= LONGEST, "a line of the answer has more than {LONGEST} bytes: is that Ruche?");
    }
}

fn take(json: bool, line: &Value, tally: &mut Tally, bar: &ProgressBar) -> Result<()> {
    if json {
        output::ndjson(line)?;
    }
    if line["batch"].is_object() {
        tally.batch = Some(line["batch"].clone());
        return Ok(());
    }
    bar.inc(1);
    let names: Vec<String> =
        line["ignored"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if !names.is_empty() {
        let note = client::ignored(&names);
        bar.suspend(|| output::note(&output::clean(&format!("line {}: {note}", line["line"]))));
    }
    if line["error"].is_object() {
        tally.refused += 1;
        let error = ApiError::of(0, &line["error"]);
        bar.suspend(|| output::note(&format!("line {}: {error}", line["line"])));
        return Ok(());
    }
    tally.accepted += 1;
    tally.known += u64::from(line["duplicate"] == true);
    Ok(())
}

/// A bar on a terminal; nothing elsewhere.
fn bar(lines: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match lines {
        Some(lines) => (ProgressBar::new(lines), "{bar:30} {pos}/{len} jobs, {per_sec}, {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {pos} jobs, {per_sec}"),
    };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
