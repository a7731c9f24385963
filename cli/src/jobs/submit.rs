//! `ruche jobs submit`: one job. Prints its id; with `--watch`, its result.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, builder::PossibleValuesParser};
use ruche_schemas::date;
use serde_json::{Value, json};

use super::bulk;
use crate::{
    client::{Client, fields},
    follow, output, values,
};

/// The most urgent first.
pub(crate) const LANES: [&str; 3] = ["interactive", "normal", "bulk"];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The kind of job, as in `chat`.
    #[arg(required_unless_present = "ndjson", conflicts_with = "ndjson")]
    kind: Option<String>,
    /// The body: JSON by the kind's schema, or `-` to read it from standard input. `{}` without one.
    #[arg(conflicts_with = "ndjson")]
    body: Option<String>,
    /// Read the body from this file.
    #[arg(long, conflicts_with_all = ["body", "ndjson"])]
    file: Option<PathBuf>,
    /// The lane (priority). Default: `normal`.
    #[arg(long, value_parser = PossibleValuesParser::new(LANES), conflicts_with = "ndjson")]
    lane: Option<String>,
    /// Begin after this time: `90`, `90s`, `10m`, `2h`, `1d`.
    #[arg(long, value_parser = values::duration, conflicts_with_all = ["at", "ndjson"])]
    delay: Option<Duration>,
    /// Begin at this time (RFC 3339), as in `2027-01-01T08:00:00Z`, or on this date.
    #[arg(long, value_parser = date::parse, conflicts_with = "ndjson")]
    at: Option<DateTime<Utc>>,
    /// A repeated submission with the same key gets the same job. (`--key` is the API key.)
    #[arg(long, value_name = "KEY", conflicts_with = "ndjson")]
    idempotency_key: Option<String>,
    /// Submit nothing if a job with this key was submitted within --window.
    #[arg(long, value_name = "KEY", requires = "window", conflicts_with = "ndjson")]
    unique: Option<String>,
    /// The time window of --unique: `90s`, `10m`, `2h`, `1d`.
    #[arg(long, value_parser = values::duration, requires = "unique")]
    window: Option<Duration>,
    /// Follow it to its end. Exit status: 0 done, 1 failed, 2 cancelled.
    #[arg(long, conflicts_with = "ndjson")]
    watch: bool,
    #[command(flatten)]
    bulk: bulk::Arguments,
}

pub(super) async fn run(client: &Client, json: bool, arguments: Arguments) -> Result<ExitCode> {
    let Some(kind) = &arguments.kind else {
        return bulk::run(client, json, &arguments.bulk).await;
    };
    let body = values::document(arguments.body.as_deref(), arguments.file.as_deref())?;
    let window = arguments.window.map(|window| window.as_secs());
    let job = fields([
        ("kind", Some(json!(kind))),
        ("body", Some(body.unwrap_or_else(|| json!({})))),
        ("lane", arguments.lane.map(Value::String)),
        ("idempotency_key", arguments.idempotency_key.map(Value::String)),
        ("unique", arguments.unique.map(|key| json!({ "key": key, "window_seconds": window }))),
        ("delay_seconds", arguments.delay.map(|delay| json!(delay.as_secs()))),
        ("run_at", arguments.at.map(|at| json!(at))),
    ]);
    let accepted = client.post(&["jobs"], &job).await?;
    let id = output::field(&accepted, "id");
    if arguments.watch {
        if !json {
            output::note(&output::clean(&id));
        }
        return follow::run(client, &["jobs", &id], json).await;
    }
    match json {
        true => output::json(&accepted)?,
        false => output::line(&output::clean(&id))?,
    }
    if accepted["duplicate"] == true {
        output::note("it was submitted before: nothing was added");
    }
    Ok(ExitCode::SUCCESS)
}
