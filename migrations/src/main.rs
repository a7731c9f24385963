//! `ruche-migrate`: migrates the database before the programs that use it start.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ruche_migrations::{MigrateError, down, status, up};

/// Migrates Ruche's database.
#[derive(Parser)]
#[command(name = "ruche-migrate", version)]
struct Arguments {
    /// The database: postgres://user:password@host:5432/database.
    #[arg(
        long,
        global = true,
        env = "RUCHE_POSTGRES__URL",
        hide_env_values = true,
        default_value = "postgres://ruche@127.0.0.1:5432/ruche"
    )]
    url: String,
    /// The schema that holds the tables.
    #[arg(long, global = true, env = "RUCHE_POSTGRES__SCHEMA", default_value = "public")]
    schema: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Applies what is missing.
    Up,
    /// Shows what is applied. Changes nothing.
    Status,
    /// Takes the newest migrations back, with the data of their tables.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ruche-migrate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { url, schema, command }: &Arguments) -> Result<(), MigrateError> {
    match command {
        Command::Up => up(url, schema).await?,
        Command::Status => {}
        Command::Down { steps } => down(url, schema, *steps).await?,
    }
    for step in status(url, schema).await? {
        println!("{}  {}", if step.applied { "applied" } else { "pending" }, step.name);
    }
    Ok(())
}
