//! `ruche keys`: the gateway's own program makes them, for it knows how keys are kept.

use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;

use crate::{oneoff, output, project::Project, state, up};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key and print it. It can't be shown again.
    Create {
        /// Who it belongs to; made if new.
        #[arg(long)]
        tenant: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// `member` acts for its tenant only; `admin` also sees and steers queues, workers and other tenants.
        #[arg(long, value_parser = ["member", "admin"])]
        role: Option<String>,
    },
}

/// Does it.
pub(crate) async fn run(project: &Project, command: Command) -> Result<()> {
    let Command::Create { tenant, name, role } = command;
    let program = up::beside("ruche-gateway")?;
    let mut arguments = vec!["keys", "create", "--tenant", &tenant, "--name", &name];
    if let Some(role) = &role {
        arguments.extend(["--role", role]);
    }
    let env = state::database(project);
    project.make()?;
    let key = oneoff::run(&program, &arguments, &env, &project.log("keys"), Duration::from_secs(60)).await?;
    output::text(&key)
}
