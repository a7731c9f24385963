//! `ruche dead replay` and `drop`: one dead letter, or all that match a filter, counted first.

use anyhow::Result;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::{Client, fields},
    confirm,
    output::{self, clean, field},
};

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = true)]
pub(super) struct Which {
    /// The job's id.
    #[arg(conflicts_with_all = ["kind", "code", "all", "dry_run"])]
    job: Option<String>,
    /// All dead letters of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// All dead letters with this error code.
    #[arg(long)]
    code: Option<String>,
    /// All dead letters.
    #[arg(long, conflicts_with_all = ["kind", "code"])]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only count the dead letters that match.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Replay,
    Drop,
}

impl Verb {
    const fn word(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Drop => "drop",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Drop => "dropped",
        }
    }
}

pub(super) async fn run(client: &Client, json: bool, verb: Verb, arguments: &Arguments) -> Result<()> {
    if let Some(job) = &arguments.which.job {
        return one(client, json, verb, job, arguments.yes).await;
    }
    let body = |dry_run: bool| {
        fields([
            ("kind", arguments.which.kind.clone().map(Value::String)),
            ("code", arguments.which.code.clone().map(Value::String)),
            ("all", arguments.which.all.then(|| json!(true))),
            ("dry_run", dry_run.then(|| json!(true))),
        ])
    };
    let path = ["dead", verb.word()];
    if arguments.dry_run || !arguments.yes {
        let would = client.post(&path, &body(true)).await?;
        let matched = field(&would, "matched");
        if arguments.dry_run {
            return match json {
                true => output::json(&would),
                false => output::line(&format!("{matched} dead letters would be {}", verb.done())),
            };
        }
        confirm::wanted(&format!("{} {matched} dead letters", verb.word()), false)?;
    }
    let done = client.post(&path, &body(false)).await?;
    match json {
        true => output::json(&done),
        false => {
            let (count, matched) = (field(&done, verb.done()), field(&done, "matched"));
            output::line(&format!("{count} of {matched} dead letters {}", verb.done()))
        }
    }
}

async fn one(client: &Client, json: bool, verb: Verb, job: &str, yes: bool) -> Result<()> {
    if verb == Verb::Replay {
        let new = client.post(&["dead", job, "replay"], &json!({})).await?;
        return replayed(json, job, &new);
    }
    confirm::wanted(&format!("drop the dead letter of {job}"), yes)?;
    let gone = client.call(Method::DELETE, &["dead", job], &[], None).await?;
    match json {
        true if gone.is_null() => output::json(&json!({ "matched": 1, "dropped": 1 })),
        true => output::json(&gone),
        false => output::line(&clean(&format!("the dead letter of {job} is gone"))),
    }
}

/// Prints which new job replaces a dead one.
pub(super) fn replayed(json: bool, job: &str, new: &Value) -> Result<()> {
    match json {
        true => output::json(new),
        false => output::line(&clean(&format!("{} replays {job}", field(new, "id")))),
    }
}
