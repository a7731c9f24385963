//! `ruche embed`: embedding models of collections.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::{access::Access, project::Project};

mod bar;
mod migrate;

/// Embeddings.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate collections to another embedding model, while they are searched.
    ///
    /// Searches use the old model until all documents of a collection are embedded with the new one. If the command is
    /// interrupted, the same command continues. The embed workers must have the new model beside the old one
    /// (embed.next_model_path, or models.next_embedding with `ruche up`).
    ///
    /// Exit status: 0 all are switched, 1 documents have failed (or an error), 130 interrupted.
    Migrate(migrate::Arguments),
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let Command::Migrate(wanted) = arguments.command;
    Box::pin(migrate::run(&client, arguments.access.json, &wanted)).await
}
