//! `ruche embed migrate`: requests step after step until each collection is switched.
//!
//! The state is in the gateway and the workers, so nothing is lost if this program ends early.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::bar::Bar;
use crate::{
    client::{ApiError, Client, Unreachable},
    listing,
    output::{self, Column, clean, failure, field, number},
};

/// The shortest and the longest pause between two steps.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));
/// A step costs the database something: the pause is this many times its duration.
const EASE: u32 = 4;
const TRIES: u32 = 15;
/// Collections of one request.
const PAGE: usize = 100;
/// The exit status of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The target model, by its name in `/v1/models`.
    #[arg(long, value_name = "MODEL", required_unless_present_any = ["status", "cancel"])]
    to: Option<String>,
    /// Only this collection. Repeat it for several. Default: all collections.
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// Keep the chunks of the old model, so that a migration back is fast.
    #[arg(long)]
    keep_old: bool,
    /// Only show the progress of each collection.
    #[arg(long, conflicts_with_all = ["to", "cancel", "keep_old"])]
    status: bool,
    /// Cancel the migration: keep the current model, and delete the chunks of the new one.
    #[arg(long, conflicts_with_all = ["to", "keep_old"])]
    cancel: bool,
}

const COLUMNS: &[Column] = &[
    ("collection", |view| field(view, "collection")),
    ("state", |view| field(view, "state")),
    ("model", |view| field(view, "model")),
    ("next model", |view| field(view, "next_model")),
    ("documents", |view| field(view, "documents")),
    ("done", |view| field(view, "done")),
    ("queued", |view| field(view, "queued")),
    ("failed", |view| field(view, "failed")),
];

pub(super) async fn run(client: &Client, as_json: bool, wanted: &Arguments) -> Result<ExitCode> {
    let work = async {
        let names = names(client, wanted).await?;
        if names.is_empty() {
            output::note("there are no collections");
        }
        match &wanted.to {
            Some(model) => migrate_all(client, as_json, wanted, &names, model).await,
            None => look_or_cancel(client, as_json, wanted, &names).await,
        }
    };
    tokio::select! {
        // The signal first, so that none is missed after the first request.
        biased;
        _ = tokio::signal::ctrl_c(), if !wanted.status => {
            output::note(
                "interrupted: what is under way goes on. The same command goes on from there; `ruche embed migrate --status` \
                 shows how far it is, --cancel calls it off",
            );
            Ok(ExitCode::from(INTERRUPTED))
        }
        done = work => done,
    }
}

async fn names(client: &Client, wanted: &Arguments) -> Result<Vec<String>> {
    if !wanted.collections.is_empty() {
        return Ok(wanted.collections.clone());
    }
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = listing::page(client, &["collections"], &[], after, Some(PAGE)).await?;
        names.extend(page.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned));
        after = next;
        if after.is_none() || page.is_empty() {
            return Ok(names);
        }
    }
}

async fn migrate_all(
    client: &Client,
    as_json: bool,
    wanted: &Arguments,
    names: &[String],
    model: &str,
) -> Result<ExitCode> {
    let mut views = Vec::new();
    for name in names {
        let view = migrate(client, as_json, wanted, name, model).await?;
        if !as_json {
            say(&view, model)?;
        }
        views.push(view);
    }
    let all = views.iter().all(|view| view["state"] == "done");
    if as_json {
        output::json(&json!({ "object": "list", "data": views }))?;
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Migrates one collection as far as possible; returns its last state.
async fn migrate(client: &Client, quiet: bool, wanted: &Arguments, name: &str, model: &str) -> Result<Value> {
    let mut bar = Bar::new(&clean(name), quiet);
    // Those that failed in an earlier run are retried in this one.
    let (mut retry, mut refused) = (true, 0);
    loop {
        let start = Instant::now();
        let body = json!({ "model": model, "keep_old": wanted.keep_old, "retry": retry });
        match client.post(&["collections", name, "migrate"], &body).await {
            Ok(view) => {
                (retry, refused) = (false, 0);
                bar.at(number(&view, "done"), number(&view, "documents"), number(&view, "failed"));
                if !matches!(view["state"].as_str(), Some("embedding" | "clearing")) {
                    return Ok(view);
                }
            }
            Err(error) if is_passing(&error) && refused < TRIES => {
                refused += 1;
                bar.note(&format!("  {}: {error:#}; trying again", clean(name)));
                tokio::time::sleep(PAUSE.1).await;
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep((start.elapsed() * EASE).clamp(PAUSE.0, PAUSE.1)).await;
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<ApiError>() {
        Some(error) => matches!(error.status, 429 | 502 | 503 | 504),
        None => error.downcast_ref::<Unreachable>().is_some(),
    }
}

fn say(view: &Value, model: &str) -> Result<()> {
    let (name, documents, failed) = (field(view, "collection"), field(view, "documents"), number(view, "failed"));
    if view["state"] == "done" {
        return output::line(&clean(&format!("{name}: {documents} documents, searched with {model} now")));
    }
    output::line(&clean(&format!(
        "{name}: {failed} documents have failed, so it is still searched with the old model"
    )))?;
    let failures = view["failures"].as_array().map(Vec::as_slice).unwrap_or_default();
    for one in failures {
        let (source, job) = (field(one, "source"), field(one, "job"));
        output::line(&clean(&format!("  {source}: {} (`ruche dead show {job}`)", failure(&one["error"]))))?;
    }
    if failed > failures.len() as u64 {
        output::line(&format!("  and {} more", failed - failures.len() as u64))?;
    }
    output::note("correct or delete them, then run this again: it retries them");
    Ok(())
}

async fn look_or_cancel(client: &Client, as_json: bool, wanted: &Arguments, names: &[String]) -> Result<ExitCode> {
    let mut views = Vec::new();
    for name in names {
        let path = ["collections", name.as_str(), "migrate"];
        let view = client.get(&path, &[]).await?;
        if !wanted.cancel {
            views.push(view);
        } else if view["state"] != "none" {
            views.push(cancel(client, &path).await?);
        } else if !wanted.collections.is_empty() {
            output::note(&clean(&format!("{name}: no migration is running, there is nothing to cancel")));
        }
    }
    match as_json {
        true => output::json(&json!({ "object": "list", "data": views }))?,
        false if views.is_empty() => output::note("nothing was to be done"),
        false => output::line(&output::table(COLUMNS, &views, true))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Repeats until nothing is left.
async fn cancel(client: &Client, path: &[&str]) -> Result<Value> {
    loop {
        let view = client.call(Method::DELETE, path, &[], None).await?;
        if view["state"] != "clearing" {
            return Ok(view);
        }
    }
}
