//! `ruche documents add`: adds files to a collection, several at once, and reports each.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use futures::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Found, files};
use crate::{
    client::{ApiError, Client},
    follow::{self, Ended},
    output::{self, clean, counted, field, number},
    refused::Refused,
    values,
};

/// Concurrent files by default: enough that a worker is never idle.
const AT_ONCE: u16 = 8;
/// In bytes. The gateway has its own bound, but need not get a film.
const LARGEST: u64 = 64 << 20;
/// How often a file is sent again when the gateway answers with a `Retry-After`.
const TRIES: u32 = 30;
/// The longest time between two tries.
const PAUSE: Duration = Duration::from_secs(30);
/// How long an answer may take: more than the gateway waits.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, and folders.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// The collection; created if it does not exist.
    #[arg(long)]
    collection: String,
    /// Their language, by name or code: `french`, `fr`. Default: the collection's.
    #[arg(long)]
    language: Option<String>,
    /// Metadata to filter by: a JSON object.
    #[arg(long, value_name = "JSON", value_parser = values::object)]
    metadata: Option<String>,
    /// The most tokens of a chunk. Default: the length that the model was trained with.
    #[arg(long, value_name = "N")]
    chunk_tokens: Option<u32>,
    /// How many files are sent at once.
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = values::whole::<u16>(1..=64))]
    at_once: u16,
}

impl Arguments {
    fn query(&self, file: &Found) -> Vec<(&'static str, String)> {
        let mut query =
            vec![("collection", self.collection.clone()), ("source", file.source.clone()), ("wait", "true".to_owned())];
        query.extend(self.language.clone().map(|language| ("language", language)));
        query.extend(self.metadata.clone().map(|metadata| ("metadata", metadata)));
        query.extend(self.chunk_tokens.map(|tokens| ("chunk_tokens", tokens.to_string())));
        query
    }
}

#[derive(Debug, Default)]
struct Tally {
    added: u64,
    failed: u64,
    chunks: u64,
    embedded: u64,
}

pub(super) async fn run(client: &Client, json: bool, arguments: Arguments) -> Result<ExitCode> {
    let found = files::find(&arguments.paths)?;
    let bar = bar(found.len() as u64);
    let (arguments, mut tally) = (&arguments, Tally::default());
    let mut adding = stream::iter(&found)
        .map(|file| async move { (file, Box::pin(add(client, arguments, file)).await) })
        .buffer_unordered(usize::from(arguments.at_once));
    while let Some((file, added)) = adding.next().await {
        bar.inc(1);
        match added {
            Ok(indexed) => {
                tally.added += 1;
                tally.chunks += number(&indexed, "chunks");
                tally.embedded += number(&indexed, "embedded");
                bar.suspend(|| tell(json, file, &indexed))?;
            }
            // Only this file is at fault.
            Err(error) if is_files(&error) => {
                tally.failed += 1;
                bar.suspend(|| refused(json, file, &error))?;
            }
            Err(error) => {
                bar.finish_and_clear();
                return Err(error.context(format!("{} of {} files were added", tally.added, found.len())));
            }
        }
    }
    bar.finish_and_clear();
    if !json {
        let Tally { added, failed, chunks, embedded } = tally;
        let name = clean(&arguments.collection);
        let failed = if failed == 0 { String::new() } else { format!(", {failed} could not be added") };
        let (added, chunks) = (counted(added, "document"), counted(chunks, "chunk"));
        output::line(&format!("{name}: {added} with {chunks}, {embedded} of them embedded{failed}"))?;
    }
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bar(files: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} {per_sec}, {eta} left");
    ProgressBar::new(files).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A line if there is something to report; with --json, one for each file.
fn tell(json: bool, file: &Found, indexed: &Value) -> Result<()> {
    if json {
        let mut line = indexed.clone();
        line["file"] = json!(file.path.display().to_string());
        return output::ndjson(&line);
    }
    let warnings = indexed["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    warnings.for_each(|warning| output::note(&clean(&format!("{}: {warning}", file.path.display()))));
    if indexed["superseded"] == true {
        output::note(&clean(&format!("{}: left as it is, since it was sent or deleted later", file.path.display())));
    }
    Ok(())
}

fn refused(json: bool, file: &Found, error: &anyhow::Error) -> Result<()> {
    let path = file.path.display().to_string();
    match json {
        true => output::ndjson(&json!({ "file": path, "error": format!("{error:#}") })),
        false => {
            output::note(&clean(&format!("{path}: {error:#}")));
            Ok(())
        }
    }
}

/// Whether only this file is at fault, so that another may succeed.
fn is_files(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<ApiError>() {
        Some(error) => {
            // A wrong collection, language or key is wrong for all.
            let shared = ["collection", "language", "metadata", "chunk_tokens", "model"];
            !matches!(error.status, 401 | 403 | 429 | 503)
                && !error.param.as_deref().is_some_and(|param| shared.contains(&param))
        }
        None => error.downcast_ref::<std::io::Error>().is_some() || error.downcast_ref::<Failed>().is_some(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

/// Sends a file and waits until it is indexed; retries when the gateway asks for it.
async fn add(client: &Client, arguments: &Arguments, file: &Found) -> Result<Value> {
    let bytes = read(file).await?;
    let mut tries = 0;
    loop {
        let request = client.request(Method::POST, &["documents"], &arguments.query(file)).timeout(TIMEOUT);
        let request = request.header("content-type", file.media_type).body(bytes.clone());
        let error = match client.send(request).await {
            Ok(response) => {
                let accepted = response.status() == StatusCode::ACCEPTED;
                let answer = response.bytes().await.map_err(|error| client.unreachable(&error))?;
                let answer: Value = serde_json::from_slice(&answer)
                    .with_context(|| format!("{} answers no JSON: is that Ruche?", client.address()))?;
                // It takes longer than the gateway waits.
                return if accepted { by_job(client, &field(&answer["job"], "id")).await } else { Ok(answer) };
            }
            Err(error) => error,
        };
        let later = error.downcast_ref::<ApiError>().filter(|error| matches!(error.status, 429 | 503));
        let Some(later) = later.filter(|_| tries < TRIES) else { return Err(error) };
        let seconds = later.retry_after.as_deref().and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
        tries += 1;
        tokio::time::sleep(Duration::from_secs(seconds).min(PAUSE)).await;
    }
}

async fn read(file: &Found) -> Result<Vec<u8>> {
    let metadata = tokio::fs::metadata(&file.path).await?;
    if metadata.len() > LARGEST {
        let failed = format!("it has {} bytes, which no document may have", metadata.len());
        return Err(Failed(failed).into());
    }
    Ok(tokio::fs::read(&file.path).await?)
}

async fn by_job(client: &Client, id: &str) -> Result<Value> {
    match follow::to_end(client, &["jobs", id]).await? {
        Ended::Done(output) => Ok(output),
        Ended::Failed(failure) => Err(Failed(clean(&output::failure(&failure))).into()),
        Ended::Cancelled => Err(Refused::because(format!("the job {id} was cancelled"))),
    }
}
