//! `ruche batches`: jobs that are counted together.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    access::Access,
    follow, items,
    listing::{self, Range},
    output::{Column, field, when},
    project::Project,
};

/// Batches.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List batches, the newest first.
    List(Range),
    /// Show a batch: how many of its jobs have ended, and how.
    Show {
        /// Its id.
        id: String,
    },
    /// Follow a batch to its end.
    ///
    /// Exit status: 0 all jobs are done, 1 some failed or were cancelled (or an error).
    Watch {
        /// Its id.
        id: String,
    },
    /// Close an open batch: no job can be added, and it completes when all have ended.
    Close {
        /// Its id.
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    ("id", |batch| field(batch, "id")),
    ("state", |batch| field(batch, "state")),
    ("total", |batch| count(batch, "total")),
    ("pending", |batch| count(batch, "pending")),
    ("done", |batch| count(batch, "done")),
    ("failed", |batch| count(batch, "failed")),
    ("cancelled", |batch| count(batch, "cancelled")),
    ("created", |batch| when(batch, "created_at")),
    ("ended", |batch| when(batch, "ended_at")),
    ("callback", |batch| field(batch, "callback_job")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    let batch = match arguments.command {
        Command::List(range) => {
            listing::show(&client, json, &["job-batches"], &[], &range, COLUMNS).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Watch { id } => return follow::run(&client, &["job-batches", &id], json).await,
        Command::Show { id } => client.get(&["job-batches", &id], &[]).await?,
        Command::Close { id } => client.post(&["job-batches", &id, "close"], &json!({})).await?,
    };
    items::print(json, &batch, COLUMNS)?;
    Ok(ExitCode::SUCCESS)
}

fn count(batch: &Value, name: &str) -> String {
    field(&batch["counts"], name)
}
