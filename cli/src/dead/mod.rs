//! `ruche dead`: the dead-letter queue. List, show, replay, edit and drop dead letters.

mod edit;
mod many;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::{
    access::Access,
    client::Client,
    listing::{self, Range},
    output::{self, Column, failure, field, when},
    project::Project,
};

/// Dead letters: jobs whose attempts all failed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List dead letters, the oldest first.
    List {
        /// Only dead letters of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// Only dead letters with this error code.
        #[arg(long)]
        code: Option<String>,
        #[command(flatten)]
        range: Range,
    },
    /// Show a dead letter: its error, its attempts and its body.
    Show {
        /// The job's id.
        job: String,
    },
    /// Submit dead jobs again, as new jobs: one, or all that a filter matches.
    Replay(many::Arguments),
    /// Change a dead job's body with $VISUAL or $EDITOR, and submit it again as a new job.
    Edit {
        /// The job's id.
        job: String,
    },
    /// Delete dead letters: one, or all that a filter matches. This can't be undone.
    Drop(many::Arguments),
}

const COLUMNS: &[Column] = &[
    ("job", id),
    ("kind", |dead_letter| field(dead_letter, "kind")),
    ("lane", |dead_letter| field(dead_letter, "lane")),
    ("attempts", |dead_letter| field(dead_letter, "attempts")),
    ("died", died),
    ("why", |dead_letter| failure(reason(dead_letter))),
];

const SHEET: &[Column] = &[
    ("job", id),
    ("kind", |dead_letter| field(dead_letter, "kind")),
    ("tenant", |dead_letter| field(dead_letter, "tenant")),
    ("lane", |dead_letter| field(dead_letter, "lane")),
    ("attempts", |dead_letter| field(dead_letter, "attempts")),
    ("died", died),
    ("why", |dead_letter| failure(reason(dead_letter))),
    ("param", |dead_letter| field(reason(dead_letter), "param")),
    ("trace", |dead_letter| field(dead_letter, "trace_id")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        Command::List { kind, code, range } => {
            listing::show(&client, json, &["dead"], &[("kind", kind), ("code", code)], &range, COLUMNS).await?;
        }
        Command::Show { job } => show(&client, json, &job).await?,
        Command::Replay(which) => many::run(&client, json, many::Verb::Replay, &which).await?,
        Command::Edit { job } => edit::run(&client, json, &job).await?,
        Command::Drop(which) => many::run(&client, json, many::Verb::Drop, &which).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(client: &Client, json: bool, job: &str) -> Result<()> {
    let dead_letter = client.get(&["dead", job], &[]).await?;
    if json {
        return output::json(&dead_letter);
    }
    output::text(&output::sheet(SHEET, &dead_letter))?;
    match body(&dead_letter) {
        Some(body) => output::text("\n").and_then(|()| output::json(&body)),
        None => output::text(&format!("\n{}\n", output::clean_lines(&field(&dead_letter, "payload")))),
    }
}

fn id(dead_letter: &Value) -> String {
    let name = if dead_letter["job"].is_string() { "job" } else { "id" };
    field(dead_letter, name)
}

fn died(dead_letter: &Value) -> String {
    when(dead_letter, if dead_letter["at"].is_string() { "at" } else { "died_at" })
}

fn reason(dead_letter: &Value) -> &Value {
    if dead_letter["failure"].is_null() { &dead_letter["error"] } else { &dead_letter["failure"] }
}

/// The body in the envelope, as published. `None` if it can't be read, which may be why the job is dead.
fn body(dead_letter: &Value) -> Option<Value> {
    let in_payload = || {
        let envelope: Value = match &dead_letter["payload"] {
            Value::String(text) => serde_json::from_str(text).ok()?,
            other => other.clone(),
        };
        envelope.get("body").cloned()
    };
    dead_letter.get("body").or_else(|| dead_letter["envelope"].get("body")).cloned().or_else(in_payload)
}
