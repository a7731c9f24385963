//! One item of a list: show, download, delete.

use std::{io::IsTerminal, path::PathBuf};

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::Client,
    confirm,
    output::{self, Column, clean},
    refused::Refused,
    render,
};

pub(crate) async fn show(client: &Client, json: bool, path: &[&str], columns: &[Column]) -> Result<()> {
    print(json, &client.get(path, &[]).await?, columns)
}

/// A line a column, or JSON.
pub(crate) fn print(json: bool, item: &Value, columns: &[Column]) -> Result<()> {
    match json {
        true => output::json(item),
        false => output::text(&output::sheet(columns, item)),
    }
}

/// As in `the document 17 with its chunks`.
pub(crate) struct Deleted<'a> {
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, String)],
    /// The field that names it.
    pub key: &'a str,
    pub name: &'a str,
    pub what: String,
}

/// Deletes after confirmation. Without a time-out, since it may take long.
pub(crate) async fn delete(client: &Client, json: bool, yes: bool, deleted: Deleted<'_>) -> Result<()> {
    let Deleted { path, query, key, name, what } = deleted;
    confirm::wanted(&format!("delete {what}"), yes)?;
    client.send(client.request(Method::DELETE, path, query)).await?;
    match json {
        true => output::json(&json!({ key: name, "deleted": true })),
        false => output::line(&clean(&format!("{name}: it is gone"))),
    }
}

/// Writes a downloaded file and prints where; `-` is the standard output.
pub(crate) fn save(json: bool, out: PathBuf, bytes: &[u8], item: &Value) -> Result<()> {
    if out.as_os_str() == "-" {
        if json || std::io::stdout().is_terminal() {
            return Err(Refused::usage("this is nothing for a terminal or for --json: -o FILE".to_owned()));
        }
        return output::bytes(bytes);
    }
    render::write(&out, bytes)?;
    match json {
        true => {
            let mut item = item.clone();
            item["file"] = json!(out.display().to_string());
            output::json(&item)
        }
        false => output::line(&clean(&format!("{}: {} bytes", out.display(), bytes.len()))),
    }
}
