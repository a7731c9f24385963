//! `ruche`: the one program that people type.
//!
//! It starts the others as child processes and talks to them over HTTP and signals. It links none of them, so it
//! builds in seconds and needs no rebuild after a change in a worker.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

mod access;
mod batches;
mod bots;
mod client;
mod collections;
mod confirm;
mod dead;
mod documents;
mod down;
mod embed;
mod eval;
mod exit;
mod follow;
mod items;
mod jobs;
mod keys;
mod listing;
mod models;
mod oneoff;
mod output;
mod project;
mod queues;
mod refused;
mod render;
mod renders;
mod schedules;
mod search;
mod sse;
mod state;
mod status;
mod templates;
mod tenants;
mod top;
mod up;
mod values;
mod workers;

use project::Project;
pub(crate) use refused::Refused;

/// Ruche: an event-driven backend for AI chatbots.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    /// The project's folder, with its data in `.ruche`. Default: found upwards from the working folder.
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
    /// Show what runs: the project's `ruche up`, or the Ruche at --url (RUCHE_URL). Exit status: 0 ready, 1 not running
    /// or not ready.
    Status(access::Access),
    /// Submit, look at, follow, cancel and retry jobs.
    Jobs(jobs::Arguments),
    /// Dead letters: jobs whose attempts all failed. List, edit, replay and remove them.
    Dead(dead::Arguments),
    /// Queues: what waits and runs, per kind and lane; pause a kind.
    Queues(queues::Arguments),
    /// Tenants: pause one, or set its limits.
    Tenants(tenants::Arguments),
    /// Workers: list them, or take one out of service.
    Workers(workers::Arguments),
    /// Recurring jobs: list, create, pause and delete them.
    Schedules(schedules::Arguments),
    /// Batches: jobs that are counted together.
    Batches(batches::Arguments),
    /// Bots: chat assistants with instructions and collections of their own.
    Bots(Box<bots::Arguments>),
    /// Documents that are searched: add files and folders, list, show and delete.
    Documents(Box<documents::Arguments>),
    /// Collections: documents that are searched together.
    Collections(collections::Arguments),
    /// The embedding models of collections: show them, and migrate from one to another.
    Embed(embed::Arguments),
    /// Search documents.
    Search(search::Arguments),
    /// Measure the quality of searches, with questions whose answers are known.
    Eval(eval::Arguments),
    /// Render Markdown to a PDF, or to a picture of a page.
    Render(Box<render::Arguments>),
    /// Stored rendered documents: list, download, link and delete.
    Renders(renders::Arguments),
    /// Templates of rendered documents: the built-in ones and your own.
    Templates(templates::Arguments),
    /// Watch queues and workers live on the whole screen.
    Top(top::Arguments),
    /// Models: list and fetch them.
    Models {
        #[command(subcommand)]
        command: models::Command,
    },
    /// API keys. Needs a running system.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// Print every setting with its default and meaning. Fails if a setting is unknown or not allowed.
    Config,
    /// Print a script that completes this program's commands: `source <(ruche completions bash)`.
    Completions {
        /// The shell.
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(["bash", "zsh", "fish"]))]
        shell: String,
    },
}

fn main() -> ExitCode {
    // Fails only if it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse_from(without_help_of_help(std::env::args_os().collect()));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ruche: the runtime can't be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(run(arguments)) {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("ruche: {error:#}"));
            ExitCode::from(exit::code(&error))
        }
    };
    // An abandoned read of standard input must not delay the exit.
    runtime.shutdown_background();
    code
}

/// `ruche help --help` is `ruche help`: the parser takes `--help` there for a command's name.
fn without_help_of_help(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|first| first == "help") {
        arguments.retain(|argument| argument != "--help" && argument != "-h");
    }
    arguments
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let project = Project::find(arguments.dir)?;
    match arguments.command {
        Command::Up { foreground: _ } => up::run(&project).await?,
        Command::Down => down::run(&project).await?,
        Command::Status(access) => return status::run(&project, &access).await,
        Command::Jobs(jobs) => return Box::pin(jobs::run(&project, jobs)).await,
        Command::Dead(dead) => return dead::run(&project, dead).await,
        Command::Queues(queues) => return queues::run(&project, queues).await,
        Command::Tenants(tenants) => return tenants::run(&project, tenants).await,
        Command::Workers(workers) => return workers::run(&project, workers).await,
        Command::Schedules(schedules) => return Box::pin(schedules::run(&project, schedules)).await,
        Command::Batches(batches) => return Box::pin(batches::run(&project, batches)).await,
        Command::Bots(bots) => return Box::pin(bots::run(&project, *bots)).await,
        Command::Documents(documents) => return Box::pin(documents::run(&project, *documents)).await,
        Command::Collections(collections) => return Box::pin(collections::run(&project, collections)).await,
        Command::Embed(embed) => return Box::pin(embed::run(&project, embed)).await,
        Command::Search(search) => return Box::pin(search::run(&project, search)).await,
        Command::Eval(eval) => return Box::pin(eval::run(&project, eval)).await,
        Command::Render(render) => return Box::pin(render::run(&project, *render)).await,
        Command::Renders(renders) => return Box::pin(renders::run(&project, renders)).await,
        Command::Templates(templates) => return Box::pin(templates::run(&project, templates)).await,
        Command::Top(top) => return top::run(&project, top).await,
        Command::Models { command } => models::run(&project, command).await?,
        Command::Keys { command } => keys::run(&project, command).await?,
        Command::Config => {
            output::text(&ruche_schemas::config::defaults(&ruche_schemas::kinds::all()))?;
            // What is set and does not exist, or is not allowed.
            ruche_schemas::config::Config::load()?;
        }
        Command::Completions { shell } => completions(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: &str) -> anyhow::Result<()> {
    let shell: clap_complete::Shell = shell.parse().map_err(|why: String| Refused::because(why))?;
    // Into memory first: the generator panics if its reader is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ruche", &mut script);
    output::text(&String::from_utf8_lossy(&script))
}
