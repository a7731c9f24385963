//! One item of a list: shown, fetched as a file, deleted.

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

/// Asks for one and prints it.
pub(crate) async fn show(client: &Client, json: bool, path: &[&str], columns: &[Column]) -> Result<()> {
    print(json, &client.get(path, &[]).await?, columns)
}

/// Prints one: a line a column, or JSON.
pub(crate) fn print(json: bool, item: &Value, columns: &[Column]) -> Result<()> {
    match json {
        true => output::json(item),
        false => output::text(&output::sheet(columns, item)),
    }
}

/// What is deleted: `the document 17 with its chunks`.
pub(crate) struct Deleted<'a> {
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, String)],
    /// Which field names it.
    pub key: &'a str,
    pub name: &'a str,
    pub what: String,
}

/// Deletes one after the person has agreed. There is no time-out, since much may hang on it.
pub(crate) async fn delete(client: &Client, json: bool, yes: bool, deleted: Deleted<'_>) -> Result<()> {
    let Deleted { path, query, key, name, what } = deleted;
    confirm::wanted(&format!("delete {what}"), yes)?;
    client.send(client.request(Method::DELETE, path, query)).await?;
    match json {
        true => output::json(&json!({ key: name, "deleted": true })),
        false => output::line(&clean(&format!("{name}: it is gone"))),
    }
}

/// Writes a fetched file and says where; `-` is the standard output.
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
