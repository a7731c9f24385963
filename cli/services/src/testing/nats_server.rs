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

/// How long a server may take to accept a new user.
const ADMITTED: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct TestNats {
    pub(super) options: nats::Options,
    pub(super) process: Slot,
}

/// With JetStream, without logins.
pub async fn nats() -> TestNats {
    nats_for(Vec::new()).await
}

/// Accepts only users of [`TestNats::admit`], and `operator` with the password `s3cret`, who may do everything.
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
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.options.port)
    }

    /// Adds a login; returns when the running server has it.
    pub async fn admit(&self, login: &Login) {
        {
            // Each call rewrites all logins.
            static ONE: Mutex<()> = Mutex::new(());
            let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
            login.add(&self.options.folder).unwrap_or_else(|error| panic!("the login is not kept: {error}"));
            assert!(logins::reload(&self.options.folder), "the NATS server does not run");
        }
        let start = Instant::now();
        while !ready::nats_admits(self.options.port, &login.user, &login.password).await {
            assert!(start.elapsed() < ADMITTED, "the NATS server does not let {} in", login.user);
            // Two reload requests may have become one.
            assert!(logins::reload(&self.options.folder), "the NATS server does not run");
        }
    }

    /// The user's permission violations, from the server's log.
    #[must_use]
    pub fn violations(&self, user: &str) -> Vec<String> {
        let log = std::fs::read_to_string(&self.options.log).unwrap_or_default();
        let by = format!("user:{user}\"");
        log.lines().filter(|line| line.contains("Violation") && line.contains(&by)).map(str::to_owned).collect()
    }

    /// The server's name in its cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.options.name
    }

    /// Its data stays.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// Kills the server with SIGKILL and waits for its end; its data stays.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Stops the server (SIGSTOP), with its connections open, until it is resumed; returns when it is stopped.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
        let pid = self.process.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Process::pid);
        let start = Instant::now();
        while !pid.is_some_and(is_stopped) {
            assert!(start.elapsed() < ADMITTED, "the NATS server does not stand still");
            // The kernel notifies only the parent.
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }

    /// On the same port with the same data.
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

/// A nats-server that all tests of this process share. Each uses a prefix of its own.
pub async fn shared_nats() -> String {
    static SHARED: OnceCell<TestNats> = OnceCell::const_new();
    SHARED.get_or_init(nats).await.url()
}

/// A nats-server that all tests of this process share and that accepts only admitted users.
pub async fn shared_nats_with_logins() -> Arc<TestNats> {
    static SHARED: OnceCell<Arc<TestNats>> = OnceCell::const_new();
    Arc::clone(SHARED.get_or_init(async || Arc::new(nats_with_logins().await)).await)
}
