//! `ruche eval`: the quality of answers, by questions with known answers.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::{access::Access, project::Project};

mod measure;
mod retrieval;
mod set;

/// Evaluation.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure how well documents are found: recall@k, MRR@k and nDCG@k, for each mode side by side.
    ///
    /// FILE has a question a line: {"question": "...", "expected": "source" or ["source", ...], "id": "..."}, where a
    /// source is the document's source in the collection. Only the k best chunks count, as a bot gets them; each
    /// expected source counts at its first chunk.
    Retrieval(retrieval::Arguments),
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    match arguments.command {
        Command::Retrieval(retrieval) => retrieval::run(&client, arguments.access.json, &retrieval).await,
    }
}
