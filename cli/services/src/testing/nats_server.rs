//! Private nats-servers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::sync::OnceCell;

use super::{
    folder,
    slot::{Slot, TRIES},
};
use crate::{
    ServiceError,
    logins::{self, Login, May},
    nats, ports,
    process::{Process, is_stopped},
    ready,
    tools::Tools,
};

/// How long a server may take to let a new user in.
const ADMITTED: Duration = Duration::from_secs(20);

/// A private nats-server.
#[derive(Debug)]
pub struct TestNats {
    pub(super) options: nats::Options,
    pub(super) process: Slot,
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

    pub(super) async fn launch(&self) -> Result<Process, ServiceError> {
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
