//! The servers of one scenario, and their faults. Their data is in the scenario's folder and survives them.

use std::{path::Path, sync::Mutex, sync::PoisonError, time::Duration};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use ruche_services::{ServiceError, nats, ports, postgres, process::Process, random_secret, tools::Tools};

/// How long a server may take to catch up with the others.
const CATCH_UP: Duration = Duration::from_secs(90);

/// How long a crashed Postgres may keep a new one from starting: its last processes have the shared memory.
const REMAINS: Duration = Duration::from_secs(30);

/// The running process of a server; replaced on a restart.
struct Slot(Mutex<Process>);

impl Slot {
    fn get(&self) -> Process {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, process: Process) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = process;
    }

    /// Sends a signal that ends it, and waits for its end.
    async fn end(&self, signal: Signal) {
        let process = self.get();
        process.signal(signal);
        process.exited().await;
    }
}

pub struct Nats {
    options: nats::Options,
    process: Slot,
}

/// One alone, or a cluster.
pub async fn nats(folder: &Path, servers: usize) -> Result<Vec<Nats>> {
    let options = match servers {
        1 => vec![nats::Options::new(folder.join("nats"), folder.join("nats.log"), ports::free())],
        _ => nats::cluster(folder, servers),
    };
    let tools = Tools::find()?;
    let mut all = Vec::new();
    for options in options {
        let process = Slot(Mutex::new(options.prepare(&tools).await?.spawn().await?));
        all.push(Nats { options, process });
    }
    for server in &all {
        server.options.ready(&server.process.get()).await?;
    }
    Ok(all)
}

impl Nats {
    pub fn name(&self) -> &str {
        &self.options.name
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.options.port)
    }

    /// Sends this signal and waits until it has exited.
    pub async fn end(&self, signal: Signal) {
        self.process.end(signal).await;
    }

    /// Sends a signal that it survives.
    pub fn signal(&self, signal: Signal) {
        self.process.get().signal(signal);
    }

    /// Restarts it and waits until it has caught up with the others.
    pub async fn start(&self) -> Result<()> {
        let process = self.options.prepare(&Tools::find()?).await?.spawn().await?;
        self.process.set(process.clone());
        self.options.ready(&process).await?;
        self.caught_up().await
    }

    /// Waits until it has all that the others have.
    pub async fn caught_up(&self) -> Result<()> {
        let looking = async {
            while !self.options.is_current().await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let caught_up = tokio::time::timeout(CATCH_UP, looking).await;
        caught_up.with_context(|| format!("{} has not caught up within {} s", self.name(), CATCH_UP.as_secs()))
    }
}

/// A Postgres server with its defaults: `fsync` and `synchronous_commit` are on.
pub struct Postgres {
    options: postgres::Options,
    process: Slot,
}

pub async fn postgres(folder: &Path) -> Result<Postgres> {
    let (data, log, password) = (folder.join("postgres"), folder.join("postgres.log"), random_secret());
    let options = postgres::Options { data, log, port: ports::free(), password, settings: Vec::new() };
    let process = options.prepare(&Tools::find()?).await?.spawn().await?;
    options.ready(&process).await?;
    Ok(Postgres { options, process: Slot(Mutex::new(process)) })
}

impl Postgres {
    /// With the password.
    pub fn url(&self) -> String {
        self.options.url()
    }

    /// Sends this signal to its first process and waits for its exit. SIGQUIT stops the others at once; after SIGKILL
    /// each notices by itself.
    pub async fn crash(&self, signal: Signal) {
        self.process.end(signal).await;
    }

    /// Restarts it and waits until it has recovered.
    pub async fn start(&self) -> Result<()> {
        let start = std::time::Instant::now();
        loop {
            let process = self.options.prepare(&Tools::find()?).await?.spawn().await?;
            self.process.set(process.clone());
            match self.options.ready(&process).await {
                Ok(()) => return Ok(()),
                // The crashed one's last processes still have the shared memory.
                Err(ServiceError::Died { .. }) if start.elapsed() < REMAINS => {}
                Err(error) => bail!(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
