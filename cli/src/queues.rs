//! `ruche queues`: what waits where; pause and resume a kind.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::Client,
    listing::{self, Range},
    output::{self, Column, clean, field, number, span},
    project::Project,
};

/// Queues, per kind and lane.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Default: list the queues.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the queues: waiting and running jobs, the age of the oldest one, and the throughput.
    List,
    /// Pause a kind: workers take none of its jobs; running ones end.
    Pause {
        /// The kind.
        kind: String,
    },
    /// Resume a paused kind.
    Resume {
        /// The kind.
        kind: String,
    },
}

const COLUMNS: &[Column] = &[
    ("kind", |queue| field(queue, "kind")),
    ("lane", |queue| field(queue, "lane")),
    ("waiting", |queue| field(queue, "waiting")),
    ("in flight", |queue| field(queue, "in_flight")),
    ("oldest", oldest),
    ("per second", |queue| field(queue, "per_second")),
    ("busy", |queue| format!("{}/{}", number(queue, "busy"), number(queue, "slots"))),
    ("paused", |queue| field(queue, "paused")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        None | Some(Command::List) => {
            listing::show(&client, json, &["queues"], &[], &Range::short(), COLUMNS).await?;
        }
        Some(Command::Pause { kind }) => {
            steer(&client, json, ["queues", &kind, "pause"], "no worker takes jobs of this kind now").await?;
        }
        Some(Command::Resume { kind }) => {
            steer(&client, json, ["queues", &kind, "resume"], "workers take jobs of this kind again").await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Pauses or resumes, and prints so.
pub(crate) async fn steer(client: &Client, json: bool, path: [&str; 3], meaning: &str) -> Result<()> {
    let answer = client.post(&path, &json!({})).await?;
    match json {
        true => output::json(&answer),
        false => output::line(&clean(&format!("{}: {meaning}", path[1]))),
    }
}

/// How long the oldest job has waited.
pub(crate) fn oldest(queue: &Value) -> String {
    match queue["oldest_seconds"].is_null() {
        true => "-".to_owned(),
        false => span(number(queue, "oldest_seconds")),
    }
}
