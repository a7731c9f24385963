//! `ruche`: the one program that people type.
//!
//! It starts the others as child processes and talks to them over HTTP and signals; it links none of them, so it builds
//! in seconds and never needs a rebuild for a change in a worker.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

mod down;
mod models;
mod oneoff;
mod project;
mod state;
mod status;
mod up;

use project::Project;

/// Ruche: an event-driven backend for AI chatbots.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// The project's folder; its data lies in `.ruche` there. Found upwards from the working folder by default.
    #[arg(long, env = "RUCHE_DIR", global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine and stay in the foreground. Ctrl-C stops it.
    ///
    /// Exit status: 0 stopped on request, 1 an error, 3 a port is taken, 4 runs already.
    Up {
        /// Stay in the foreground (the default, and the only way: use a terminal multiplexer or a service manager).
        #[arg(long, default_value_t = true, action = clap::ArgAction::SetTrue)]
        foreground: bool,
    },
    /// Stop what `ruche up` started, from another terminal.
    Down,
    /// Show what runs. Exit status: 0 ready, 1 not running or not ready.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The language models: what there is, and fetching them.
    Models {
        #[command(subcommand)]
        command: models::Command,
    },
    /// API keys. Needs a running system.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Print every setting with its default and meaning.
    Config,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it. It can't be shown again.
    Create {
        /// Who it belongs to; made if new.
        #[arg(long)]
        tenant: String,
        /// What it is for.
        #[arg(long)]
        name: String,
    },
}

/// A refusal with an exit status of its own, so that scripts can tell it from a failure.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    code: u8,
    message: String,
}

impl Refused {
    /// Any reason: status 1.
    pub(crate) fn because(message: String) -> anyhow::Error {
        Self { code: 1, message }.into()
    }

    /// A taken port: status 3.
    pub(crate) fn port(message: String) -> anyhow::Error {
        Self { code: 3, message }.into()
    }

    /// Another one runs: status 4.
    pub(crate) fn running(message: String) -> anyhow::Error {
        Self { code: 4, message }.into()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only if it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ruche: {error:#}");
            ExitCode::from(error.downcast_ref::<Refused>().map_or(1, |refused| refused.code))
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let project = Project::find(arguments.dir)?;
    match arguments.command {
        Command::Up { foreground: _ } => up::run(&project).await?,
        Command::Down => down::run(&project).await?,
        Command::Status { json } => return status::run(&project, json).await,
        Command::Models { command } => models::run(&project, command).await?,
        Command::Keys { command: KeysCommand::Create { tenant, name } } => create_key(&project, &tenant, &name).await?,
        Command::Config => print!("{}", ruche_schemas::config::DEFAULTS),
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the gateway's own program: it knows how keys are made and kept.
async fn create_key(project: &Project, tenant: &str, name: &str) -> anyhow::Result<()> {
    let program = up::beside("ruche-gateway")?;
    let arguments = ["keys", "create", "--tenant", tenant, "--name", name];
    let env = state::database(project);
    let limit = std::time::Duration::from_secs(60);
    project.make()?;
    print!("{}", oneoff::run(&program, &arguments, &env, &project.log("keys"), limit).await?);
    Ok(())
}
