//! `ruche renders`: stored documents at the gateway.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::{
    access::Access,
    client::Client,
    items::{self, Deleted},
    listing::{self, Range},
    output::{self, Column, clean, field, when},
    project::Project,
    render, values,
};

/// Documents.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List stored documents, the newest first.
    List(Range),
    /// Show a document's metadata.
    Show {
        /// Its id: that of the job that made it.
        id: String,
    },
    /// Download a document.
    Get {
        /// Its id.
        id: String,
        /// The output file, `-` for standard output. Default: the id, in the current folder.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Delete a document. The result of its job stays, without the document.
    Delete {
        /// Its id.
        id: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Create a signed link to a document. Anyone with the link can read it without a key, until the link expires.
    Link {
        /// Its id.
        id: String,
        /// How long the link is valid: `90s`, `10m`, `2h`, at most `7d`. Default: one hour.
        #[arg(long, value_name = "TIME", value_parser = values::duration)]
        expires_in: Option<Duration>,
    },
}

const COLUMNS: &[Column] = &[
    ("id", |document| field(document, "id")),
    ("title", |document| field(document, "title")),
    ("template", |document| field(document, "template")),
    ("type", |document| field(document, "media_type")),
    ("pages", |document| field(document, "pages")),
    ("bytes", |document| field(document, "bytes")),
    ("warnings", |document| field(document, "warnings")),
    ("created", |document| when(document, "created_at")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command.unwrap_or_else(|| Command::List(Range::usual())) {
        Command::List(range) => listing::show(&client, json, &["renders"], &[], &range, COLUMNS).await?,
        Command::Show { id } => items::show(&client, json, &["renders", &id], COLUMNS).await?,
        Command::Get { id, out } => get(&client, json, &id, out).await?,
        Command::Delete { id, yes } => {
            let what = format!("the document {id}");
            let deleted = Deleted { path: &["renders", &id], query: &[], key: "id", name: &id, what };
            items::delete(&client, json, yes, deleted).await?;
        }
        Command::Link { id, expires_in } => link(&client, json, &id, expires_in).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn get(client: &Client, json: bool, id: &str, out: Option<PathBuf>) -> Result<()> {
    let document = client.get(&["renders", id], &[]).await?;
    let extension = if document["media_type"] == "image/png" { "png" } else { "pdf" };
    let bytes = render::download(client, &["renders", id, "file"], &[]).await?;
    // The gateway has refused an invalid id by now, so it is safe as a name.
    let out = out.unwrap_or_else(|| format!("{}.{extension}", field(&document, "id").replace('/', "_")).into());
    items::save(json, out, &bytes, &document)
}

async fn link(client: &Client, json: bool, id: &str, expires_in: Option<Duration>) -> Result<()> {
    let body = match expires_in {
        Some(time) => json!({ "expires_in": time.as_secs() }),
        None => json!({}),
    };
    let mut link = client.post(&["renders", id, "link"], &body).await?;
    // The gateway knows its path, the client its address.
    let url = match link["url"].as_str() {
        Some(path) if path.starts_with('/') => format!("{}{path}", client.address()),
        _ => field(&link, "url"),
    };
    link["url"] = json!(url);
    match json {
        true => output::json(&link),
        false => {
            output::line(&clean(&url))?;
            output::note(&clean(&format!("it is over {}", when(&link, "expires_at"))));
            Ok(())
        }
    }
}
