//! `ruche jobs list` and `show`.

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};
use serde_json::Value;

use crate::{
    client::Client,
    listing::{self, Range},
    output::{self, Column, failure, field, steps, when},
};

/// The states of a job; `active` is all that has not ended.
pub(super) const STATES: [&str; 8] =
    ["queued", "running", "retrying", "scheduled", "done", "failed", "cancelled", "active"];

const COLUMNS: &[Column] = &[
    ("id", |job| field(job, "id")),
    ("kind", |job| field(job, "kind")),
    ("lane", |job| field(job, "lane")),
    ("state", |job| field(job, "state")),
    ("attempt", |job| field(job, "attempt")),
    ("progress", |job| steps(&job["progress"])),
    ("updated", |job| when(job, "updated_at")),
    ("next", next),
    ("error", error),
];

const SHEET: &[Column] = &[
    ("id", |job| field(job, "id")),
    ("kind", |job| field(job, "kind")),
    ("lane", |job| field(job, "lane")),
    ("state", |job| field(job, "state")),
    ("attempt", |job| field(job, "attempt")),
    ("progress", |job| steps(&job["progress"])),
    ("created", |job| when(job, "created_at")),
    ("updated", |job| when(job, "updated_at")),
    ("next", next),
    ("error", error),
    ("batch", |job| field(job, "batch")),
    ("parent", |job| field(job, "parent")),
    ("root", |job| field(job, "root")),
    ("trace", |job| field(job, "trace_id")),
];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only jobs of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only jobs in this state; `active` is every state before the end.
    #[arg(long, value_parser = PossibleValuesParser::new(STATES))]
    state: Option<String>,
    /// Only jobs of this batch.
    #[arg(long)]
    batch: Option<String>,
    #[command(flatten)]
    range: Range,
}

pub(super) async fn run(client: &Client, json: bool, arguments: &Arguments) -> Result<()> {
    let Arguments { kind, state, batch, range } = arguments;
    let filter = [("kind", kind.clone()), ("state", state.clone()), ("batch", batch.clone())];
    listing::show(client, json, &["jobs"], &filter, range, COLUMNS).await
}

pub(super) async fn show(client: &Client, json: bool, id: &str) -> Result<()> {
    let job = client.get(&["jobs", id], &[]).await?;
    if json {
        return output::json(&job);
    }
    output::text(&output::sheet(SHEET, &job))?;
    match &job["output"] {
        Value::Null => match job["result"]["bytes"].as_u64() {
            Some(bytes) => output::text(&format!(
                "\nThe result has {bytes} bytes: `ruche jobs result {}` prints it.\n",
                output::clean(id)
            )),
            None => Ok(()),
        },
        result => output::text("\n").and_then(|()| output::json(result)),
    }
}

/// When it continues, if it waits for a time.
fn next(job: &Value) -> String {
    let name = if job["next_attempt_at"].is_null() { "run_at" } else { "next_attempt_at" };
    match job["state"].as_str() {
        Some("done" | "failed" | "cancelled" | "running") => "-".to_owned(),
        _ => when(job, name),
    }
}

fn error(job: &Value) -> String {
    let error = if job["error"].is_null() { &job["last_error"] } else { &job["error"] };
    failure(error)
}
