//! `ruche dead`: jobs that were given up; look at them, give them another try, mend them, forget them.

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

/// Dead letters: jobs that were given up.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List dead letters, in the order in which they died.
    List {
        /// Of this kind.
        #[arg(long)]
        kind: Option<String>,
        /// That failed with this code.
        #[arg(long)]
        code: Option<String>,
        #[command(flatten)]
        range: Range,
    },
    /// Show a dead letter: why, how often it was tried, its body.
    Show {
        /// The job's id.
        job: String,
    },
    /// Submit dead jobs again, as new jobs: one, or all that a filter matches.
    Replay(many::Arguments),
    /// Mend a dead job's body with $VISUAL or $EDITOR, and submit it again as a new job.
    Edit {
        /// The job's id.
        job: String,
    },
    /// Forget dead letters for good: one, or all that a filter matches.
    Drop(many::Arguments),
}

const COLUMNS: &[Column] = &[
    ("job", id),
    ("kind", |letter| field(letter, "kind")),
    ("lane", |letter| field(letter, "lane")),
    ("attempts", |letter| field(letter, "attempts")),
    ("died", died),
    ("why", |letter| failure(reason(letter))),
];

const SHEET: &[Column] = &[
    ("job", id),
    ("kind", |letter| field(letter, "kind")),
    ("tenant", |letter| field(letter, "tenant")),
    ("lane", |letter| field(letter, "lane")),
    ("attempts", |letter| field(letter, "attempts")),
    ("died", died),
    ("why", |letter| failure(reason(letter))),
    ("param", |letter| field(reason(letter), "param")),
    ("trace", |letter| field(letter, "trace_id")),
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
    let letter = client.get(&["dead", job], &[]).await?;
    if json {
        return output::json(&letter);
    }
    output::text(&output::sheet(SHEET, &letter))?;
    match body(&letter) {
        Some(body) => output::text("\n").and_then(|()| output::json(&body)),
        None => output::text(&format!("\n{}\n", output::clean_lines(&field(&letter, "payload")))),
    }
}

fn id(letter: &Value) -> String {
    let name = if letter["job"].is_string() { "job" } else { "id" };
    field(letter, name)
}

fn died(letter: &Value) -> String {
    when(letter, if letter["at"].is_string() { "at" } else { "died_at" })
}

fn reason(letter: &Value) -> &Value {
    if letter["failure"].is_null() { &letter["error"] } else { &letter["failure"] }
}

/// The job's body: of its envelope, as it was published. `None` where that can't be read, which may be why it is dead.
fn body(letter: &Value) -> Option<Value> {
    let in_payload = || {
        let envelope: Value = match &letter["payload"] {
            Value::String(text) => serde_json::from_str(text).ok()?,
            other => other.clone(),
        };
        envelope.get("body").cloned()
    };
    letter.get("body").or_else(|| letter["envelope"].get("body")).cloned().or_else(in_payload)
}
