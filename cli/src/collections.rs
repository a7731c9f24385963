//! `ruche collections`: documents that are searched together.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::{
    access::Access,
    client::fields,
    items::{self, Deleted},
    listing::{self, Range},
    output::{self, Column, clean, field, when},
    project::Project,
};

/// Collections.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List collections by name.
    List(Range),
    /// Show a collection.
    Show {
        /// Its name.
        name: String,
    },
    /// Create a collection with a description and a language. Adding a document to an unknown collection creates it
    /// too.
    Create {
        /// Its name: 1 to 64 of a-z, 0-9, _ and -.
        name: String,
        /// A description.
        #[arg(long)]
        description: Option<String>,
        /// The default language of documents, by name or code: `french`, `fr`. Default: detected from each text.
        #[arg(long)]
        language: Option<String>,
    },
    /// Delete a collection and all its documents.
    Delete {
        /// Its name.
        name: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

const COLUMNS: &[Column] = &[
    ("name", |collection| field(collection, "name")),
    ("documents", |collection| field(collection, "documents")),
    ("language", |collection| field(collection, "language")),
    ("model", |collection| field(collection, "model")),
    ("created", |collection| when(collection, "created_at")),
    ("description", |collection| field(collection, "description")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command.unwrap_or_else(|| Command::List(Range::usual())) {
        Command::List(range) => listing::show(&client, json, &["collections"], &[], &range, COLUMNS).await?,
        Command::Show { name } => items::show(&client, json, &["collections", &name], COLUMNS).await?,
        Command::Create { name, description, language } => {
            let body = fields([
                ("name", Some(json!(name))),
                ("description", description.map(|text| json!(text))),
                ("language", language.map(|language| json!(language))),
            ]);
            let made = client.post(&["collections"], &body).await?;
            match json {
                true => output::json(&made)?,
                false => output::line(&clean(&format!("{name}: it is made")))?,
            }
        }
        Command::Delete { name, yes } => {
            let what = format!("the collection {name} with all its documents");
            let deleted = Deleted { path: &["collections", &name], query: &[], key: "name", name: &name, what };
            items::delete(&client, json, yes, deleted).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
