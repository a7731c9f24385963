//! Private servers for tests: on free ports, in temporary folders, gone with the test, also when it is killed.
//!
//! Everything here panics with a clear message instead of returning an error: a test can do nothing else with it.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::sync::OnceCell;

use crate::{ServiceError, logins, nats, ports, postgres, process::Process, tools::Tools};

mod cluster;
mod folder;
mod template;

pub use cluster::{TestCluster, nats_cluster};

/// How often a start is tried again with another port: somebody may take it between our look and the server's start.
const TRIES: usize = 4;

/// The running process of a test server, which `stop` and `start` exchange.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<Process>>);

impl Slot {
    fn set(&self, process: Option<Process>) -> Option<Process> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), process)
    }

    async fn stop(&self) {
        if let Some(process) = self.set(None) {
            process.stop(Duration::from_secs(20)).await;
        }
    }

    async fn kill(&self) {
        if let Some(process) = self.set(None) {
            process.signal(Signal::SIGKILL);
            process.exited().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            process.signal(signal);
        }
    }
}

/// A name that no other test has, valid as a NATS prefix and as a Postgres schema: `unique("t")` is `t_3fa9c104`.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{:08x}", rand::random::<u32>())
}

/// A private nats-server.
#[derive(Debug)]
pub struct TestNats {
    options: nats::Options,
    process: Slot,
}

/// Starts a private nats-server with JetStream.
///
/// # Panics
/// If it can't be started.
pub async fn nats() -> TestNats {
    nats_for(None).await
}

/// Starts a private nats-server that lets in only who has this name and password, or one of [`TestNats::admit`].
///
/// # Panics
/// If it can't be started.
pub async fn nats_with_login(user: &str, password: &str) -> TestNats {
    nats_for(Some((user.to_owned(), password.to_owned()))).await
}

async fn nats_for(login: Option<(String, String)>) -> TestNats {
    let folder = folder::make("nats");
    let log = folder.join("log");
    let options = nats::Options { login, ..nats::Options::new(folder, log, 0) };
    let mut server = TestNats { options, process: Slot::default() };
    for _ in 1..TRIES {
        server.options.port = ports::free();
        if server.try_start().await.is_ok() {
            return server;
        }
        server.stop().await;
    }
    server.options.port = ports::free();
    server.try_start().await.unwrap_or_else(|error| panic!("no NATS server for this test: {error}"));
    server
}

impl TestNats {
    /// The URL that clients use.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.options.port)
    }

    /// Lets somebody in, from the next start on.
    ///
    /// # Panics
    /// If it can't be written down.
    pub fn admit(&self, login: &logins::Login) {
        login.add(&self.options.folder).unwrap_or_else(|error| panic!("the login is not kept: {error}"));
    }

    /// What the server calls itself, and the others of its cluster call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.options.name
    }

    /// Stops the server; what it stored stays.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// Kills the server with SIGKILL and waits until it is gone; what it stored stays.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Lets the server stand still, its connections open, until it is resumed.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }

    /// Starts the server again, on the same port with the same data.
    ///
    /// # Panics
    /// If it can't be started.
    pub async fn start(&self) {
        self.try_start().await.unwrap_or_else(|error| panic!("the NATS server did not come back: {error}"));
    }

    async fn try_start(&self) -> Result<(), ServiceError> {
        let process = self.launch().await?;
        self.options.ready(&process).await
    }

    async fn launch(&self) -> Result<Process, ServiceError> {
        let tools = Tools::find()?;
        let process = self.options.prepare(&tools).await?.spawn().await?;
        self.process.set(Some(process.clone()));
        Ok(process)
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        if let Some(process) = self.process.set(None) {
            process.stop_blocking(Signal::SIGKILL, Duration::from_secs(5));
        }
        folder::remove(&self.options.folder);
    }
}

/// The URL of a nats-server that all tests of this process share. Each uses a prefix of its own.
///
/// # Panics
/// If it can't be started.
pub async fn shared_nats() -> String {
    static SHARED: OnceCell<TestNats> = OnceCell::const_new();
    SHARED.get_or_init(nats).await.url()
}

/// A private Postgres server.
#[derive(Debug)]
pub struct TestPostgres {
    options: postgres::Options,
    folder: PathBuf,
    process: Slot,
}

/// Starts a private Postgres server.
///
/// # Panics
/// If it can't be started.
pub async fn postgres() -> TestPostgres {
    let folder = folder::make("postgres");
    let data = folder.join("data");
    let password = template::copy_to(&data).await.unwrap_or_else(|error| panic!("no Postgres for this test: {error}"));
    let options = postgres::Options { data, log: folder.join("log"), port: 0, password, settings: settings() };
    let mut server = TestPostgres { options, folder, process: Slot::default() };
    for _ in 1..TRIES {
        server.options.port = ports::free();
        if server.try_start().await.is_ok() {
            return server;
        }
        server.stop().await;
    }
    server.options.port = ports::free();
    server.try_start().await.unwrap_or_else(|error| panic!("no Postgres for this test: {error}"));
    server
}

/// Small, and not safe against a power failure: a test's data lives as long as the test.
fn settings() -> Vec<(&'static str, String)> {
    let settings = [
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("shared_buffers", "16MB"),
        ("max_connections", "200"),
        ("max_wal_senders", "0"),
        ("wal_level", "minimal"),
    ];
    settings.map(|(key, value)| (key, value.to_owned())).into()
}

impl TestPostgres {
    /// The URL that clients use, with its password.
    #[must_use]
    pub fn url(&self) -> String {
        self.options.url()
    }

    /// Stops the server, cutting off its clients; what they committed stays.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// Starts the server again, on the same port with the same data.
    ///
    /// # Panics
    /// If it can't be started.
    pub async fn start(&self) {
        self.try_start().await.unwrap_or_else(|error| panic!("Postgres did not come back: {error}"));
    }

    async fn try_start(&self) -> Result<(), ServiceError> {
        let tools = Tools::find()?;
        let mut launch = self.options.prepare(&tools).await?;
        launch.orphan = Signal::SIGQUIT;
        let process = launch.spawn().await?;
        self.process.set(Some(process.clone()));
        self.options.ready(&process).await
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        if let Some(process) = self.process.set(None) {
            // Immediate shutdown: it ends its own children, then itself.
            process.stop_blocking(Signal::SIGQUIT, Duration::from_secs(5));
        }
        folder::remove(&self.folder);
    }
}

/// The URL of a Postgres server that all tests of this process share. Each uses a schema of its own.
///
/// # Panics
/// If it can't be started.
pub async fn shared_postgres() -> String {
    static SHARED: OnceCell<TestPostgres> = OnceCell::const_new();
    SHARED.get_or_init(postgres).await.url()
}

#[cfg(test)]
mod tests;
