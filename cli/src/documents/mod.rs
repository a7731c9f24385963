//! `ruche documents`: indexed documents.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::{
    access::Access,
    client::Client,
    items::{self, Deleted},
    listing::{self, Range},
    output::{self, Column, clean_lines, field, when},
    project::Project,
};

mod add;
mod files;

/// Documents.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add files to a collection: Markdown, HTML, text, PDF, DOCX, CSV and TSV; of folders, all such files in them.
    ///
    /// The source of a file in a named folder is its path below that folder, however the folder is spelt. The source of
    /// a file that you name itself is its path below the current folder, or else its name. Adding a file again replaces
    /// it; only changed chunks are embedded again. Exit status 1 if a file could not be added. If a file or folder that you
    /// name is not there, nothing is added.
    Add(add::Arguments),
    /// List documents, by collection and source.
    List {
        /// Only those of this collection.
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        range: Range,
    },
    /// Show a document's metadata.
    Show {
        /// Its id.
        id: String,
        /// Show its chunks too.
        #[arg(long)]
        chunks: bool,
    },
    /// Delete a document and its chunks.
    Delete {
        /// Its id.
        id: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

const COLUMNS: &[Column] = &[
    ("id", |document| field(document, "id")),
    ("collection", |document| field(document, "collection")),
    ("source", |document| field(document, "source")),
    ("title", |document| field(document, "title")),
    ("language", |document| field(document, "language")),
    ("format", |document| field(document, "format")),
    ("bytes", |document| field(document, "bytes")),
    ("updated", |document| when(document, "updated_at")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        Command::Add(arguments) => return Box::pin(add::run(&client, json, arguments)).await,
        Command::List { collection, range } => {
            listing::show(&client, json, &["documents"], &[("collection", collection)], &range, COLUMNS).await?;
        }
        Command::Show { id, chunks: true } => chunks(&client, json, &id).await?,
        Command::Show { id, chunks: false } => {
            let document = client.get(&["documents", &id], &[]).await?;
            match json {
                true => output::json(&document)?,
                false => output::text(&format!("{}{}", output::sheet(COLUMNS, &document), models(&document)))?,
            }
        }
        Command::Delete { id, yes } => {
            let what = format!("the document {id} with its chunks");
            let deleted = Deleted { path: &["documents", &id], query: &[], key: "id", name: &id, what };
            items::delete(&client, json, yes, deleted).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Each model's index, a line each.
fn models(document: &Value) -> String {
    let all = document["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |of: &Value| {
        format!("{}: {} chunks, {} tokens\n", field(of, "model"), field(of, "chunks"), field(of, "tokens"))
    };
    clean_lines(&all.iter().map(line).collect::<String>())
}

/// As text, or with --json one a line.
async fn chunks(client: &Client, json: bool, id: &str) -> Result<()> {
    let mut after = None;
    loop {
        let (items, next) = listing::page(client, &["documents", id, "chunks"], &[], after.take(), Some(100)).await?;
        for chunk in &items {
            if json {
                output::ndjson(chunk)?;
                continue;
            }
            let path: Vec<&str> = chunk["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let head = format!("--- {} {}", field(chunk, "position"), path.join(" > "));
            let text = chunk["text"].as_str().unwrap_or_default();
            output::line(&clean_lines(&format!("{}\n{text}\n", head.trim_end())))?;
        }
        after = next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// A file to be added, and its source name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    path: PathBuf,
    source: String,
    media_type: &'static str,
}
