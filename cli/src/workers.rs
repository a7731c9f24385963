//! `ruche workers`: lists workers, and drains one without losing its jobs.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::{
    access::Access,
    listing::{self, Range},
    output::{Column, field, number, when},
    project::Project,
    queues::steer,
};

/// Workers.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Default: list the workers.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the workers.
    List,
    /// Drain a worker: it ends its jobs and takes no new ones.
    Drain {
        /// Its name.
        name: String,
    },
    /// Resume a drained worker.
    Resume {
        /// Its name.
        name: String,
    },
}

const COLUMNS: &[Column] = &[
    ("worker", name),
    ("kind", |worker| field(worker, "kind")),
    ("state", |worker| field(worker, "state")),
    ("busy", |worker| format!("{}/{}", number(worker, "in_flight"), number(worker, "slots"))),
    ("models", models),
    ("pool", |worker| field(worker, "pool")),
    ("host", |worker| field(worker, "host")),
    ("gpu", |worker| field(worker, "gpu")),
    ("labels", labels),
    ("background", background),
    ("version", |worker| field(worker, "version")),
    ("since", |worker| when(worker, "since")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        None | Some(Command::List) => {
            listing::show(&client, json, &["workers"], &[], &Range::short(), COLUMNS).await?;
        }
        Some(Command::Drain { name }) => {
            steer(&client, json, ["workers", &name, "drain"], "it ends what it runs and takes nothing new").await?;
        }
        Some(Command::Resume { name }) => {
            steer(&client, json, ["workers", &name, "resume"], "it takes jobs again").await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn name(worker: &Value) -> String {
    field(worker, if worker["worker"].is_string() { "worker" } else { "name" })
}

fn models(worker: &Value) -> String {
    let names: Vec<_> = worker["models"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

fn labels(worker: &Value) -> String {
    let Some(labels) = worker["labels"].as_object().filter(|labels| !labels.is_empty()) else { return "-".to_owned() };
    let pairs: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("?"))).collect();
    pairs.join(", ")
}

/// Its background tasks; those whose last pass failed are marked.
fn background(worker: &Value) -> String {
    let tasks = worker["reconcilers"].as_array().into_iter().flatten().map(|task| {
        let mark = if task["last_error"].is_null() { "" } else { " (failing)" };
        format!("{}{mark}", field(task, "name"))
    });
    let tasks: Vec<_> = tasks.collect();
    if tasks.is_empty() { "-".to_owned() } else { tasks.join(", ") }
}
