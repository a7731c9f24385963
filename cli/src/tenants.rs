//! `ruche tenants`: pause a tenant's jobs, and set its limits.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::Client,
    listing::{self, Range},
    output::{self, Column, field, number},
    project::Project,
    queues::steer,
    refused::Refused,
};

/// Tenants.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pause a tenant: workers take none of its jobs; running ones end.
    Pause {
        /// The tenant.
        tenant: String,
    },
    /// Resume a paused tenant.
    Resume {
        /// The tenant.
        tenant: String,
    },
    /// The limits of tenants; by default, list the tenants that have limits of their own.
    Limits {
        #[command(subcommand)]
        command: Option<Limits>,
    },
}

#[derive(Debug, Subcommand)]
enum Limits {
    /// List the tenants that have limits of their own.
    List,
    /// Show a tenant's limits: its own, and the defaults from the settings.
    Show {
        /// The tenant.
        tenant: String,
    },
    /// Change some limits of a tenant, effective at once.
    Set(Set),
    /// Restore the defaults from the settings.
    Reset {
        /// The tenant.
        tenant: String,
    },
}

#[derive(Debug, Args)]
struct Set {
    /// The tenant.
    tenant: String,
    /// Jobs of one kind that run at once, on all workers together; 0 is no cap.
    #[arg(long)]
    in_flight: Option<u32>,
    /// Jobs that it may submit per second to one gateway; 0 is no cap.
    #[arg(long)]
    per_second: Option<u32>,
    /// Jobs of one kind that have not ended, scheduled ones included; at most nats.tenant_backlog.
    #[arg(long)]
    backlog: Option<u64>,
}

/// By their names in the API.
const CAPS: [&str; 3] = ["in_flight", "per_second", "backlog"];

const COLUMNS: &[Column] = &[
    ("tenant", |limits| field(limits, "tenant")),
    ("in flight", |limits| cap(limits, "in_flight")),
    ("per second", |limits| cap(limits, "per_second")),
    ("backlog", |limits| cap(limits, "backlog")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command {
        Command::Pause { tenant } => {
            steer(&client, json, ["tenants", &tenant, "pause"], "no worker takes jobs of this tenant now").await?;
        }
        Command::Resume { tenant } => {
            steer(&client, json, ["tenants", &tenant, "resume"], "workers take jobs of this tenant again").await?;
        }
        Command::Limits { command } => limits(&client, json, command.unwrap_or(Limits::List)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn limits(client: &Client, json: bool, command: Limits) -> Result<()> {
    let now = match command {
        Limits::List => return listing::show(client, json, &["limits"], &[], &Range::short(), COLUMNS).await,
        Limits::Show { tenant } => client.get(&["tenants", &tenant, "limits"], &[]).await?,
        Limits::Reset { tenant } => client.call(Method::DELETE, &["tenants", &tenant, "limits"], &[], None).await?,
        Limits::Set(set) => change(client, set).await?,
    };
    match json {
        true => output::json(&now),
        false => output::text(&output::sheet(COLUMNS, &now)),
    }
}

/// Changes the named ones; the tenant's others stay.
async fn change(client: &Client, set: Set) -> Result<Value> {
    let Set { tenant, in_flight, per_second, backlog } = set;
    if in_flight.is_none() && per_second.is_none() && backlog.is_none() {
        let message = "name what is to change: --in-flight, --per-second or --backlog".to_owned();
        return Err(Refused::usage(message));
    }
    let path = ["tenants", tenant.as_str(), "limits"];
    let before = client.get(&path, &[]).await?;
    let is_own = |name: &str| before["own"].as_array().is_some_and(|own| own.iter().any(|own| own == name));
    let mut wanted = json!({});
    for (name, value) in CAPS.into_iter().zip([in_flight.map(u64::from), per_second.map(u64::from), backlog]) {
        match value {
            Some(value) => wanted[name] = json!(value),
            None if is_own(name) => wanted[name] = before[name].clone(),
            None => {}
        }
    }
    client.call(Method::PUT, &path, &[], Some(&wanted)).await
}

/// A cap, and whether it is that of the settings.
fn cap(limits: &Value, name: &str) -> String {
    let value = match (name, number(limits, name)) {
        ("in_flight" | "per_second", 0) => "no cap".to_owned(),
        (_, value) => value.to_string(),
    };
    let is_own = limits["own"].as_array().is_some_and(|own| own.iter().any(|own| own == name));
    if is_own { value } else { format!("{value} (settings)") }
}
