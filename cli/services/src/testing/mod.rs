//! Private servers for tests: on free ports, in temporary folders, gone with the test, also when it is killed.
//!
//! Everything here panics with a clear message instead of returning an error: a test can do nothing else with it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::sync::OnceCell;

use crate::{
    ServiceError,
    logins::{self, Login, May},
    nats, ports, postgres,
    process::{Process, is_stopped},
    ready,
    tools::Tools,
};

mod cluster;
mod folder;
mod models;
mod s3;
mod template;

pub use cluster::{TestCluster, nats_cluster};
pub use models::{embedding_model, reranker};
pub use s3::{BUCKET, shared_s3};

/// How often a start is tried again with another port: somebody may take it between our look and the server's start.
const TRIES: usize = 4;

/// How long a server may take to let a new user in.
const ADMITTED: Duration = Duration::from_secs(20);

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
    nats_for(Vec::new()).await
}

/// Starts a private nats-server that lets in only who is admitted ([`TestNats::admit`]), and `operator` with the
/// password `s3cret`, who may do everything.
///
/// # Panics
/// If it can't be started.
pub async fn nats_with_logins() -> TestNats {
    let (user, password) = ("operator".to_owned(), "s3cret".to_owned());
    nats_for(vec![Login { user, password, may: May::Everything }]).await
}

async fn nats_for(logins: Vec<Login>) -> TestNats {
    let folder = folder::make("nats");
    let log = folder.join("log");
    let options = nats::Options { logins, ..nats::Options::new(folder, log, 0) };
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

    /// Lets somebody in: returns when the running server knows.
    ///
    /// # Panics
    /// If it does not come to know.
    pub async fn admit(&self, login: &Login) {
        {
            // All logins are written anew by each.
            static ONE: Mutex<()> = Mutex::new(());
            let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
            login.add(&self.options.folder).unwrap_or_else(|error| panic!("the login is not kept: {error}"));
            assert!(logins::reload(&self.options.folder), "the NATS server does not run");
        }
        let start = Instant::now();
        while !ready::nats_admits(self.options.port, &login.user, &login.password).await {
            assert!(start.elapsed() < ADMITTED, "the NATS server does not let {} in", login.user);
            // Two requests to read the settings again may have become one.
            assert!(logins::reload(&self.options.folder), "the NATS server does not run");
        }
    }

    /// What a user tried and may not, as the server has it in its log.
    #[must_use]
    pub fn violations(&self, user: &str) -> Vec<String> {
        let log = std::fs::read_to_string(&self.options.log).unwrap_or_default();
        let by = format!("user:{user}\"");
        log.lines().filter(|line| line.contains("Violation") && line.contains(&by)).map(str::to_owned).collect()
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

    /// Lets the server stand still, its connections open, until it is resumed: when this returns, it does.
    ///
    /// # Panics
    /// If it does not come to stand.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
        let pid = self.process.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Process::pid);
        let start = Instant::now();
        while !pid.is_some_and(is_stopped) {
            assert!(start.elapsed() < ADMITTED, "the NATS server does not stand still");
            // The kernel tells nobody but the parent.
            std::thread::sleep(Duration::from_millis(1));
        }
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

/// A nats-server that all tests of this process share and that lets in only who is admitted.
///
/// # Panics
/// If it can't be started.
pub async fn shared_nats_with_logins() -> Arc<TestNats> {
    static SHARED: OnceCell<Arc<TestNats>> = OnceCell::const_new();
    Arc::clone(SHARED.get_or_init(async || Arc::new(nats_with_logins().await)).await)
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
