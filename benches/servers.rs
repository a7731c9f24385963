//! A NATS and a Postgres of this run alone, durable, with the default settings.

use std::{collections::HashMap, path::PathBuf};

use anyhow::Result;
use ruche_schemas::config::Config;
use ruche_services::{
    nats, ports, postgres,
    process::Process,
    random_secret,
    testing::{self, unique},
    tools::Tools,
};

/// They stop with this program.
pub struct Servers {
    pub nats: String,
    pub postgres: String,
    pub folder: PathBuf,
    processes: [Process; 2],
}

impl Servers {
    pub fn nats_pid(&self) -> i32 {
        self.processes[0].pid()
    }
}

pub async fn start() -> Result<Servers> {
    start_with(Vec::new()).await
}

/// Starts both, Postgres with these settings over its defaults.
pub async fn start_with(settings: Vec<(&'static str, String)>) -> Result<Servers> {
    let tools = Tools::find()?;
    let folder = std::env::temp_dir().join(testing::unique("ruche-bench"));
    std::fs::create_dir_all(&folder)?;
    let nats = nats::Options::new(folder.join("nats"), folder.join("nats.log"), ports::free());
    std::fs::create_dir_all(folder.join("nats"))?;
    let nats_process = nats.prepare(&tools).await?.spawn().await?;
    nats.ready(&nats_process).await?;
    let data = folder.join("postgres");
    let (log, password) = (folder.join("postgres.log"), random_secret());
    let postgres = postgres::Options { data, log, port: ports::free(), password, settings };
    let postgres_process = postgres.prepare(&tools).await?.spawn().await?;
    postgres.ready(&postgres_process).await?;
    Ok(Servers {
        nats: format!("nats://127.0.0.1:{}", nats.port),
        postgres: postgres.url(),
        folder,
        processes: [nats_process, postgres_process],
    })
}

/// With a prefix and a schema of its own.
pub fn settings(servers: &Servers) -> Result<(Config, String)> {
    let name = unique("bench");
    let variables = HashMap::from([
        ("RUCHE_NATS__URL".to_owned(), servers.nats.clone()),
        ("RUCHE_NATS__PREFIX".to_owned(), name.clone()),
        ("RUCHE_NATS__BACKLOG_JOBS".to_owned(), "10000000".to_owned()),
        ("RUCHE_POSTGRES__URL".to_owned(), servers.postgres.clone()),
        ("RUCHE_POSTGRES__SCHEMA".to_owned(), name.clone()),
    ]);
    Ok((Config::from_layers(None, Some(variables))?, name))
}
