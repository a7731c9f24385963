//! `ruche-gateway`: serves, or makes an API key.

use clap::{Parser, Subcommand};
use ruche_gateway::app::serve::serve;
use ruche_schemas::{TenantId, config::Config};
use ruche_store::{
    keys::{self, ApiKey, Keys as _, Role},
    postgres::{Application, Postgres},
};

/// The gateway of Ruche: HTTP, SSE and WebSocket. Settings: `ruche config`, or RUCHE_SECTION__KEY in the environment.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// API keys.
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// Creates a key and prints it once: only its hash is stored. Creates the tenant if it does not exist.
    Create {
        /// The tenant: 1 to 63 of a-z, 0-9, _ and -.
        #[arg(long)]
        tenant: TenantId,
        /// A label for the key.
        #[arg(long)]
        name: String,
        /// The role: `member` acts for its tenant, `admin` can also see and control queues, workers and other tenants.
        #[arg(long, default_value = "member")]
        role: Role,
    },
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ruche-gateway: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // rustls needs a default provider, once per process; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config::load()?;
    match arguments.command {
        None => {
            let _telemetry = ruche_bus::telemetry::init("ruche-gateway", &config.telemetry)?;
            Ok(serve(config).await?)
        }
        Some(Command::Keys(Keys::Create { tenant, name, role })) => {
            let key = keys::generate();
            let parsed = ApiKey::parse(&key).ok_or("a generated key can't be read")?;
            Postgres::connect(&config.postgres, Application::GATEWAY)?.create_key(&tenant, &name, role, parsed).await?;
            println!("{key}");
            Ok(())
        }
    }
}
