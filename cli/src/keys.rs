//! `ruche keys`: API keys are made by the gateway's own program, which has their format; logins of NATS are written
//! into the settings of the server that `ruche up` runs.

use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use ruche_schemas::{TenantId, config::Config};
use ruche_services::{
    logins::{self, Login, May, Role},
    random_secret,
};
use serde_json::json;

use crate::{oneoff, output, project::Project, refused::Refused, state, up};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a key and print it. It can't be shown again.
    Create {
        /// The tenant; created if it does not exist.
        #[arg(long)]
        tenant: String,
        /// A label for the key.
        #[arg(long)]
        name: String,
        /// `member` acts for its tenant only; `admin` can also see and control queues, workers and other tenants.
        #[arg(long, value_parser = ["member", "admin"])]
        role: Option<String>,
    },
    /// Create a login for a program that publishes jobs straight onto NATS, and print it. It is limited to one tenant.
    Nats {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// A label for the login. The same tenant and name again give a new password.
        #[arg(long)]
        name: TenantId,
        /// Print JSON instead of lines for a shell.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(project: &Project, command: Command) -> Result<()> {
    let (tenant, name, role) = match command {
        Command::Create { tenant, name, role } => (tenant, name, role),
        Command::Nats { tenant, name, json } => return nats(project, &tenant, &name, json),
    };
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

/// Adds a login to the server of this project, effective at once.
fn nats(project: &Project, tenant: &TenantId, name: &TenantId, as_json: bool) -> Result<()> {
    let folder = project.data.join("nats");
    let Some(url) = logins::url(&folder) else {
        let message = "no NATS server of this project runs: start it with `ruche up`. For a server of your own, write the \
            login into its settings; nats/README.md shows the permissions";
        return Err(Refused::because(message.to_owned()));
    };
    let may = May::As(Role::Producer { tenant: tenant.clone() }, Config::load()?.nats.prefix);
    let login = Login { user: format!("{tenant}-{name}"), password: random_secret(), may };
    login.add(&folder)?;
    if !logins::reload(&folder) {
        return Err(Refused::because("the NATS server has stopped: the login is kept for its next start".to_owned()));
    }
    let (inbox, subjects) = (login.inbox(), login.may.subjects());
    let Login { user, password, .. } = login;
    if as_json {
        return output::json(
            &json!({"url": url, "user": user, "password": password, "inbox_prefix": inbox, "subjects": subjects}),
        );
    }
    output::text(&format!("NATS_URL={url}\nNATS_USER={user}\nNATS_PASSWORD={password}\n"))
}
