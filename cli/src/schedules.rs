//! `ruche schedules`: recurring jobs.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::{Client, fields},
    items::{self, Deleted},
    jobs::LANES,
    listing::{self, Range},
    output::{self, Column, field, number, when},
    project::Project,
    queues::steer,
    values,
};

/// Recurring jobs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List schedules by name.
    List,
    /// Show a schedule, with the body of its jobs.
    Show {
        /// Its name.
        name: String,
    },
    /// Create a schedule, or replace the one of that name.
    Put(Put),
    /// Pause a schedule: it starts no jobs until it is resumed.
    Pause {
        /// Its name.
        name: String,
    },
    /// Resume a schedule. Missed runs are skipped.
    Resume {
        /// Its name.
        name: String,
    },
    /// Delete a schedule; started jobs continue.
    Delete {
        /// Its name.
        name: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Put {
    /// Its name.
    name: String,
    /// The kind of its jobs.
    kind: String,
    /// Their body: JSON, or `-` to read it from standard input. `{}` without one.
    body: Option<String>,
    /// Read the body from this file.
    #[arg(long, conflicts_with = "body")]
    file: Option<PathBuf>,
    /// A cron expression of six fields, seconds first: `0 30 8 * * MON-FRI`.
    #[arg(long, required_unless_present = "every", conflicts_with = "every")]
    cron: Option<String>,
    /// The time zone of --cron, as in `Europe/Paris`: UTC by default.
    #[arg(long, requires = "cron")]
    time_zone: Option<String>,
    /// The time between two runs: `90s`, `10m`, `2h`, `1d`.
    #[arg(long, value_parser = values::duration)]
    every: Option<Duration>,
    /// The lane (priority) of its jobs. Default: `normal`.
    #[arg(long, value_parser = PossibleValuesParser::new(LANES))]
    lane: Option<String>,
    /// Create it paused.
    #[arg(long)]
    paused: bool,
}

const COLUMNS: &[Column] = &[
    ("name", |schedule| field(schedule, "name")),
    ("kind", |schedule| field(schedule, "kind")),
    ("lane", |schedule| field(schedule, "lane")),
    ("every", every),
    ("next", |schedule| when(schedule, "next")),
    ("paused", |schedule| field(schedule, "paused")),
    ("since", |schedule| when(schedule, "since")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        Command::List => listing::show(&client, json, &["schedules"], &[], &Range::short(), COLUMNS).await?,
        Command::Show { name } => {
            let schedule = client.get(&["schedules", &name], &[]).await?;
            print(json, &schedule, true)?;
        }
        Command::Put(new) => put(&client, json, new).await?,
        Command::Pause { name } => {
            steer(&client, json, ["schedules", &name, "pause"], "it starts no jobs until it is resumed").await?;
        }
        Command::Resume { name } => {
            steer(&client, json, ["schedules", &name, "resume"], "it starts jobs again").await?;
        }
        Command::Delete { name, yes } => {
            let what = format!("the schedule {name}");
            let deleted = Deleted { path: &["schedules", &name], query: &[], key: "name", name: &name, what };
            items::delete(&client, json, yes, deleted).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn put(client: &Client, json: bool, new: Put) -> Result<()> {
    let body = values::document(new.body.as_deref(), new.file.as_deref())?;
    let schedule = fields([
        ("kind", Some(Value::String(new.kind))),
        ("body", Some(body.unwrap_or_else(|| json!({})))),
        ("lane", new.lane.map(Value::String)),
        ("cron", new.cron.map(Value::String)),
        ("time_zone", new.time_zone.map(Value::String)),
        ("every_seconds", new.every.map(|every| json!(every.as_secs()))),
        ("paused", new.paused.then(|| json!(true))),
    ]);
    let stored = client.call(Method::PUT, &["schedules", &new.name], &[], Some(&schedule)).await?;
    print(json, &stored, false)
}

fn print(json: bool, schedule: &Value, with_body: bool) -> Result<()> {
    if json {
        return output::json(schedule);
    }
    output::text(&output::sheet(COLUMNS, schedule))?;
    match with_body {
        true => output::text("\n").and_then(|()| output::json(&schedule["body"])),
        false => Ok(()),
    }
}

fn every(schedule: &Value) -> String {
    match (schedule["cron"].as_str(), schedule["time_zone"].as_str()) {
        (Some(cron), Some(zone)) => format!("{cron} ({zone})"),
        (Some(cron), None) => cron.to_owned(),
        (None, _) if schedule["every_seconds"].is_null() => "-".to_owned(),
        (None, _) => output::span(number(schedule, "every_seconds")),
    }
}
