//! `ruche templates`: the built-in templates, and a tenant's own in versions.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Subcommand;
use reqwest::Method;
use ruche_schemas::kinds::render::{Warning, check_template_name};
use serde_json::Value;

use crate::{
    access::Access,
    client::Client,
    items::{Deleted, delete, save},
    listing::{self, Range},
    output::{self, Column, clean, field, when},
    project::Project,
    refused::Refused,
    render, values,
};

/// Templates.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List templates, each in its last version; with a name, all versions of that template.
    List {
        /// Its name.
        name: Option<String>,
    },
    /// Upload a template's folder as its next version. Errors name file and line.
    Push {
        /// The folder, with a `typst.toml`.
        folder: PathBuf,
        /// Its name; by default that in `typst.toml`.
        #[arg(long)]
        name: Option<String>,
        /// A description.
        #[arg(long)]
        description: Option<String>,
    },
    /// Download a template's package: a gzipped tar.
    Get {
        /// Its name.
        name: String,
        /// The version. Default: the last.
        #[arg(long, value_name = "N", value_parser = values::whole::<u32>(1..=u32::MAX))]
        version: Option<u32>,
        /// The output file, `-` for standard output. Default: the template's name, in the current folder.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Delete a template, or one of its versions. Documents made with it stay.
    Delete {
        /// Its name.
        name: String,
        /// Only this version.
        #[arg(long, value_name = "N", value_parser = values::whole::<u32>(1..=u32::MAX))]
        version: Option<u32>,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Download a picture of a page of a sample document.
    Preview {
        /// Its name.
        name: String,
        /// The version. Default: the last.
        #[arg(long, value_name = "N", value_parser = values::whole::<u32>(1..=u32::MAX))]
        version: Option<u32>,
        /// The page, from 1.
        #[arg(long, value_parser = values::whole::<u32>(1..=100_000))]
        page: Option<u32>,
        /// The output file, `-` for standard output. Default: the template's name, in the current folder.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

const COLUMNS: &[Column] = &[
    ("name", |template| field(template, "name")),
    ("version", |template| field(template, "version")),
    ("built in", |template| field(template, "built_in")),
    ("bytes", |template| field(template, "bytes")),
    ("created", |template| when(template, "created_at")),
    ("description", |template| field(template, "description")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command.unwrap_or(Command::List { name: None }) {
        Command::List { name } => {
            let path: Vec<&str> = ["templates"].into_iter().chain(name.as_deref()).collect();
            listing::show(&client, json, &path, &[], &Range::short(), COLUMNS).await?;
        }
        Command::Push { folder, name, description } => push(&client, json, folder, name, description).await?,
        Command::Get { name, version, out } => {
            let package = render::download(&client, &["templates", &name, "package"], &of(version)).await?;
            save(json, out.unwrap_or_else(|| format!("{name}.tar.gz").into()), &package, &named(&name))?;
        }
        Command::Delete { name, version, yes } => {
            let what = version.map_or(String::new(), |version| format!(" in version {version}"));
            let what = format!("the template {name}{what}");
            let deleted = Deleted { path: &["templates", &name], query: &of(version), key: "name", name: &name, what };
            delete(&client, json, yes, deleted).await?;
        }
        Command::Preview { name, version, page, out } => {
            let mut query = of(version);
            query.extend(page.map(|page| ("page", page.to_string())));
            let picture = render::download(&client, &["templates", &name, "preview"], &query).await?;
            save(json, out.unwrap_or_else(|| format!("{name}.png").into()), &picture, &named(&name))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn of(version: Option<u32>) -> Vec<(&'static str, String)> {
    version.map(|version| ("version", version.to_string())).into_iter().collect()
}

fn named(name: &str) -> Value {
    serde_json::json!({ "name": name })
}

async fn push(
    client: &Client,
    json: bool,
    folder: PathBuf,
    name: Option<String>,
    description: Option<String>,
) -> Result<()> {
    let package = render::pack(&folder)?;
    let name = match name {
        Some(name) => name,
        None => own_name(&folder)?,
    };
    check_template_name("--name", &name).map_err(|invalid| Refused::usage(invalid.message))?;
    let query: Vec<_> = description.map(|text| ("description", text)).into_iter().collect();
    let request = client.request(Method::PUT, &["templates", &name], &query);
    let request = request.header("content-type", "application/gzip").body(package);
    let response = client.send(request.timeout(render::TIMEOUT)).await?;
    let new = response.status() == reqwest::StatusCode::CREATED;
    let stored: Value = response.json().await.map_err(|error| client.unreachable(&error))?;
    let warnings: Vec<Warning> = serde_json::from_value(stored["warnings"].clone()).unwrap_or_default();
    warnings.iter().for_each(|warning| output::note(&clean(&warning.to_string())));
    if json {
        return output::json(&stored);
    }
    let known = if new { "" } else { ", which it was already" };
    output::line(&clean(&format!("{name}: version {}{known}", field(&stored, "version"))))
}

/// The name in the package.
fn own_name(folder: &std::path::Path) -> Result<String> {
    let path = folder.join("typst.toml");
    let shown = path.display();
    let text = std::fs::read_to_string(&path).with_context(|| format!("{shown} can't be read"))?;
    let manifest: toml::Table =
        text.parse().map_err(|error| Refused::usage(format!("{shown} can't be read: {error}")))?;
    let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
    name.map(str::to_owned)
        .ok_or_else(|| Refused::usage(format!("{shown} has no package.name: say --name NAME, or write it there")))
}
