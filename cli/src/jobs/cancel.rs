//! `ruche jobs cancel`: one job by its id, or many by a filter, after their number was shown.

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};
use reqwest::Method;
use serde_json::{Value, json};

use super::list::STATES;
use crate::{
    client::{Client, fields},
    confirm, output,
};

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = true)]
pub(super) struct Which {
    /// The job's id.
    #[arg(conflicts_with_all = ["kind", "state", "batch", "dry_run"])]
    id: Option<String>,
    /// Cancel all active jobs of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Cancel all jobs in this state.
    #[arg(long, value_parser = PossibleValuesParser::new(STATES))]
    state: Option<String>,
    /// Cancel all active jobs of this batch.
    #[arg(long)]
    batch: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only count the jobs that match.
    #[arg(long)]
    dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(client: &Client, json: bool, arguments: &Arguments) -> Result<()> {
    if let Some(id) = &arguments.which.id {
        let job = client.call(Method::DELETE, &["jobs", id], &[], None).await?;
        return match json {
            true => output::json(&job),
            false => output::line(&format!("{id} will be cancelled")),
        };
    }
    let body = |dry_run: bool| {
        fields([
            ("kind", arguments.which.kind.clone().map(Value::String)),
            ("state", arguments.which.state.clone().map(Value::String)),
            ("batch", arguments.which.batch.clone().map(Value::String)),
            ("dry_run", dry_run.then(|| json!(true))),
        ])
    };
    let path = ["jobs", "cancel"];
    if arguments.dry_run || !arguments.yes {
        let would = client.post(&path, &body(true)).await?;
        let matched = output::field(&would, "matched");
        if arguments.dry_run {
            return match json {
                true => output::json(&would),
                false => output::line(&format!("{matched} jobs would be cancelled")),
            };
        }
        confirm::wanted(&format!("cancel {matched} jobs"), false)?;
    }
    let done = client.post(&path, &body(false)).await?;
    match json {
        true => output::json(&done),
        false => {
            let (cancelled, matched) = (output::field(&done, "cancelled"), output::field(&done, "matched"));
            output::line(&format!("{cancelled} of {matched} jobs will be cancelled"))
        }
    }
}
