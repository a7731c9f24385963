//! The real programs, started beside this one: migrated tables, a gateway with a key, a worker.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Result, ensure};
use reqwest::Client;
use ruche_services::{
    ports,
    process::{Launch, Process},
    ready,
    testing::unique,
};

use crate::{render::memory, servers::Servers};

const START: Duration = Duration::from_secs(60);

type Settings = Vec<(String, String)>;

/// They stop with this program.
pub struct System {
    pub url: String,
    pub key: String,
    pub client: Client,
    /// The schema of its tables, and the prefix of its subjects.
    pub name: String,
    processes: Vec<Process>,
}

impl System {
    pub async fn gateway(servers: &Servers) -> Result<Self> {
        Self::launch(servers, None, &[]).await
    }

    /// Starts a gateway, and a worker for this kind of job.
    pub async fn start(servers: &Servers, kind: &str, more: &[(&str, &str)]) -> Result<Self> {
        Self::launch(servers, Some(kind), more).await
    }

    async fn launch(servers: &Servers, kind: Option<&str>, more: &[(&str, &str)]) -> Result<Self> {
        let name = unique("bench");
        let (gateway_port, worker_port) = (ports::free().to_string(), ports::free().to_string());
        let objects = format!("file://{}", servers.folder.join("objects").display());
        let settings = [
            ("RUCHE_NATS__URL", servers.nats.as_str()),
            ("RUCHE_NATS__PREFIX", &name),
            ("RUCHE_POSTGRES__URL", &servers.postgres),
            ("RUCHE_POSTGRES__SCHEMA", &name),
            ("RUCHE_OBJECTS__URL", &objects),
            ("RUCHE_GATEWAY__PORT", &gateway_port),
            ("RUCHE_WORKER__PORT", &worker_port),
        ];
        let settings = settings.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let settings: Settings = settings.collect();
        run("ruche-migrate", &["up"], &settings)?;
        let key = run("ruche-gateway", &["keys", "create", "--tenant", "bench", "--name", "bench"], &settings)?;
        let client = Client::new();
        let mut processes = vec![spawn(servers, "ruche-gateway", &[], &settings, &client, &gateway_port).await?];
        if let Some(kind) = kind {
            processes.push(spawn(servers, "ruche-worker", &[kind], &settings, &client, &worker_port).await?);
        }
        let url = format!("http://127.0.0.1:{gateway_port}");
        Ok(Self { url, key, client, name, processes })
    }

    /// Of the gateway, and of the worker with its children, in MiB.
    pub fn memory(&self) -> Vec<u64> {
        let tree = |process: &Process| u32::try_from(process.pid()).map(memory::tree).unwrap_or_default();
        self.processes.iter().map(|process| memory::together(&tree(process))).collect()
    }
}

/// A program that `cargo build` put beside this one.
///
/// # Errors
/// When it is missing.
pub fn program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.exists(), "{} is not there: run `make build-benches`", program.display());
    Ok(program)
}

fn run(name: &str, arguments: &[&str], settings: &Settings) -> Result<String> {
    let settings = settings.iter().map(|(key, value)| (key, value));
    let output = Command::new(program(name)?).args(arguments).envs(settings).output()?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

async fn spawn(
    servers: &Servers,
    name: &str,
    arguments: &[&str],
    settings: &Settings,
    client: &Client,
    port: &str,
) -> Result<Process> {
    let mut launch = Launch::new(name, program(name)?, servers.folder.join(name));
    launch.args = arguments.iter().map(Into::into).collect();
    launch.env.clone_from(settings);
    let process = launch.spawn().await?;
    let url = format!("http://127.0.0.1:{port}/readyz");
    let probe = || async { client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) };
    ready::wait(&process, START, probe).await?;
    Ok(process)
}
