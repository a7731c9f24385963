//! `ruche jobs`: submit, show, follow, cancel and retry.

mod bulk;
mod cancel;
mod flow;
mod list;
mod submit;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use reqwest::Method;

use crate::{access::Access, client::Client, follow, output, project::Project};

pub(crate) use submit::LANES;

/// Jobs.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Submit one job, or with --ndjson many, one a line.
    Submit(Box<submit::Arguments>),
    /// List jobs, the newest first.
    List(list::Arguments),
    /// Show a job: its state, its last error, its result.
    Show {
        /// The job's id.
        id: String,
    },
    /// Print the result of a job, as JSON of any size.
    Result {
        /// The job's id.
        id: String,
    },
    /// Follow a job to its end and print its output.
    ///
    /// Exit status: 0 done, 1 failed (or an error), 2 cancelled.
    Watch {
        /// The job's id.
        id: String,
    },
    /// Cancel a job, or all that a filter matches.
    Cancel(cancel::Arguments),
    /// Submit a failed job again, as a new job, from its dead letter.
    Retry {
        /// The failed job's id.
        id: String,
    },
    /// Show the flow that a job belongs to, as a tree.
    Flow {
        /// The id of any job of the flow.
        id: String,
    },
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        Command::Submit(submit) => return submit::run(&client, json, *submit).await,
        Command::List(list) => list::run(&client, json, &list).await?,
        Command::Show { id } => list::show(&client, json, &id).await?,
        Command::Result { id } => result(&client, &id).await?,
        Command::Watch { id } => return follow::run(&client, &["jobs", &id], json).await,
        Command::Cancel(cancel) => cancel::run(&client, json, &cancel).await?,
        Command::Retry { id } => retry(&client, json, &id).await?,
        Command::Flow { id } => flow::run(&client, json, &id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a result while it arrives. A truncated one is an error.
async fn result(client: &Client, id: &str) -> Result<()> {
    let mut response = client.send(client.request(Method::GET, &["jobs", id, "result"], &[])).await?;
    while let Some(piece) = response.chunk().await.context("the result broke off: it is not whole")? {
        output::bytes(&piece)?;
    }
    output::line("")
}

async fn retry(client: &Client, json: bool, id: &str) -> Result<()> {
    let job = client.post(&["jobs", id, "retry"], &serde_json::json!({})).await?;
    match json {
        true => output::json(&job),
        false => output::line(&output::clean(&format!("{} replays {id}", output::field(&job, "id")))),
    }
}
